"""One file per section of a page; ``page.SECTIONS`` lists them in order."""
