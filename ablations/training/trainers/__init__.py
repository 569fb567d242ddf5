"""What trains a run: ``trainer.py`` is the protocol, ``compiled`` is our own loop."""
