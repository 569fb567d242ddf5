"""Studies from Python: what ``ablations.Study`` is made of."""
