"""What goes into a paper: a table, every number as a macro, figures of a column's width.

``files.paper_files`` returns them all.  ``numerals`` decides how numbers read, ``columns`` what a
table may show, ``table`` and ``caption`` make it, ``macros`` names the numbers.
"""
