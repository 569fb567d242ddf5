"""A report inside a notebook: the page that ``ablations report`` writes, in a frame of its own."""

from __future__ import annotations

from html import escape

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.page import build_page
from ablations.analysis.show.render import render_html

HEIGHT = 640  # pixels
_HEAD = '<head>\n<base href="about:srcdoc">\n<style>th button { pointer-events: none }</style>'
"""Links to a section lead there, and not to the notebook's own address; nothing sorts tables."""


def inline_report(inference: Inference) -> str:
    """Return HTML that shows a study's report and needs nothing else.

    The page lies in an ``iframe`` without rights: what a study's texts hold runs nowhere, and its
    styles change nothing of the notebook.
    """
    page = build_page(inference)
    html = render_html(page, alone=True).replace("<head>", _HEAD, 1)
    return (
        f'<iframe sandbox title="{escape(page.study)}: ablation report" '
        f'style="width: 100%; height: {HEIGHT}px; border: 1px solid #8884; resize: vertical" '
        f'srcdoc="{escape(html)}"></iframe>'
    )


def inline_note(lines: tuple[str, ...]) -> str:
    """Return HTML that shows some lines."""
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
