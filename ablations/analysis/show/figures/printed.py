"""Figures for a paper: PDF, exactly as wide as a column, readable without colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.style import Layout, Stroke, house_style, part_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TEXT = 7.5
"""Points, at the width that the figure is drawn for."""
TITLE_LINES = 3
PANEL_HEIGHT = 2.0
PANEL_WIDTH = 1.0
"""Inches, of one of many panels, and what is beside it."""
STROKES = (
    Stroke("-", "o"),
    Stroke((0, (5, 1)), "s"),
    Stroke((0, (3, 1, 1, 1)), "^"),
    Stroke((0, (1, 1)), "D"),
    Stroke((0, (5, 1, 1, 1, 1, 1)), "v"),
    Stroke((0, (8, 2)), "X"),
)
"""Dashes and markers that tell lines apart on a page in black and white."""
EXACT = 0.005
"""Inches that a figure may be wider or narrower than asked before it is cut to that."""
LEAST = 0.8
"""Inches of the axes, however long the names beside them are: only then is a figure wider."""
ROUNDS = 12


def pdf(figure: Figure, width: float) -> bytes:
    """Return a figure as PDF, ``width`` inches wide; the same bytes each time.

    Fonts are embedded, and there is no title: the caption has it.
    """
    with house_style(TEXT):
        canvas, box = _fitted(figure, width)
        stream = io.BytesIO()
        nameless = {"CreationDate": None, "Creator": None, "Producer": None}
        canvas.savefig(stream, format="pdf", bbox_inches=box, metadata=nameless)
    return stream.getvalue()


def _fitted(figure: Figure, width: float) -> tuple[Canvas, Any]:
    """Return the canvas, painted so that all that hangs out of its axes fits, and what it covers.

    What hangs out is text, which does not shrink with the axes.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure as Canvas
    from matplotlib.transforms import Bbox

    inside = width
    for _ in range(ROUNDS):
        canvas = Canvas()
        FigureCanvasPdf(canvas)  # what measures text as it will be set
        figure.paint(canvas, _layout(width, inside))
        canvas.draw_without_rendering()
        part_labels(canvas)
        box = canvas.get_tightbbox()
        if abs(box.width - width) <= EXACT:
            break
        inside = max(LEAST, inside + width - box.width)
    middle, half = (box.x0 + box.x1) / 2, max(width, box.width - EXACT) / 2
    return canvas, Bbox.from_extents(middle - half, box.y0, middle + half, box.y1)


def _layout(width: float, inside: float) -> Layout:
    columns = max(2, round(width / PANEL_WIDTH))
    return Layout(
        width=inside,
        columns=columns,
        narrow=True,
        printed=True,
        text=TEXT,
        title_lines=TITLE_LINES,
        panel_height=PANEL_HEIGHT,
        strokes=STROKES,
    )
