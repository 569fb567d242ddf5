"""Slow oracles in NumPy double precision, written from the formulas and from nothing else."""
