"""How files are read: one file a format, each returns arrays and knows no data set."""

BYTE_BUDGET = 2 * 1024**3
"""What a file may hold or declare; sizes are checked before anything is allocated."""
