"""Slow oracles in NumPy double precision, written from the formulas and from nothing else.

Beside them, results that theory and publications know, which whole trainings must show.
"""
