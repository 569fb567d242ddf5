"""Runs that a program of its own trains: it is started, watched, and ended with all it started."""
