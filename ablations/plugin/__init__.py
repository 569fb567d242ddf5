"""The Ablations tab inside TensorBoard: serves the numbers of ``analysis`` to a page.

``tab`` is what TensorBoard imports when it starts, and imports nothing heavy; ``routes`` answers
the page; ``log_directory`` decides what may be read; ``views`` holds one file for each route;
``static`` is the page, plain ES modules, with the one library that it draws curves with.
"""
