"""The directory that a command's ``PYTHONPATH`` begins with; see ``sitecustomize``."""
