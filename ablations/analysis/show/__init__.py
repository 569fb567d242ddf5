"""From numbers to sentences, tables, figures and pages.

``page.SECTIONS`` lists the sections, one file each in ``sections/``, made of ``blocks``; ``render``
turns them into Markdown, HTML and LaTeX; ``report`` writes the files.
"""
