"""One file for each view of the page: from the numbers of ``analysis`` to what is drawn."""
