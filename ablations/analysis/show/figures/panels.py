"""Arms as lines in panels: one panel for a few arms, small multiples for many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ablations.analysis.show.figures.style import Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

LEFT, BOTTOM, LINE = 0.55, 0.42, 0.17
"""Inches: room for the numbers of the y axis, for those of the x axis, for a line of 9 points."""
LEGEND_WIDTH = 2.8
"""Inches, where the legend stands beside the panel."""
CHARACTERS = 121.5
"""Of a text of one point that fit into an inch."""
MOST_IN_TWO_COLUMNS = 20
"""Characters of a line of a printed legend, for it to have two columns."""
BELOW = 0.448
"""Inches from a panel to a legend below it."""


def one_panel(canvas: Canvas, layout: Layout) -> Axes:
    """Return axes beside or above which ``legend_outside`` has room."""
    width = layout.width if layout.narrow else layout.width - LEGEND_WIDTH
    canvas.set_size_inches(width, layout.panel_height)
    return canvas.add_axes((LEFT / width, 0, 1 - LEFT / width, 1))


def legend_outside(axes: Axes, layout: Layout, order: Sequence[int]) -> None:
    """List the lines in ``order``, below the panel where the layout is narrow."""
    handles, labels = axes.get_legend_handles_labels()
    where: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
    if layout.narrow:
        below = -BELOW / layout.panel_height
        where = {"loc": "upper left", "bbox_to_anchor": (-0.02, below)}
        longest = max(len(line) for label in labels for line in label.split("\n"))
        if layout.printed and longest <= MOST_IN_TWO_COLUMNS:
            where["ncols"] = 2
    axes.legend([handles[i] for i in order], [labels[i] for i in order], **where)


def title_width(layout: Layout) -> int:
    """Return the characters of a line that fit above one of the small multiples."""
    return int(CHARACTERS / layout.text * (layout.width - LEFT) / layout.columns) - 1


def small_multiples(canvas: Canvas, layout: Layout, titles: Sequence[str]) -> list[Axes]:
    """Return a panel for each title, all on the same axes, below room for a legend."""
    width = (layout.width - LEFT) / layout.columns
    line = LINE * layout.text / 9
    above = line * (1 + max(title.count("\n") for title in titles)) + 0.12
    top = line * (1 + layout.narrow) + 0.1
    rows, row = math.ceil(len(titles) / layout.columns), 0.72 * width + above
    height = top + row * rows + BOTTOM
    canvas.set_size_inches(layout.width, height)
    grid = canvas.subplots(rows, layout.columns, sharex=True, sharey=True, squeeze=False).flat
    canvas.subplots_adjust(
        left=LEFT / layout.width,
        right=1,
        top=1 - (top + above) / height,
        bottom=BOTTOM / height,
        hspace=above / (row - above),
        wspace=0.12,
    )
    panels = list(grid)
    for panel in panels[len(titles) :]:
        panel.remove()
    for position, (panel, title) in enumerate(zip(panels, titles, strict=False)):
        panel.set_title(title, loc="left", pad=4, linespacing=1.1)
        panel.tick_params(labelbottom=position + layout.columns >= len(titles))
    return panels[: len(titles)]


def label_multiples(canvas: Canvas, layout: Layout, x: str, y: str) -> None:
    """Write the legend of the first panel above all of them, and the labels of the axes."""
    handles, texts = canvas.axes[0].get_legend_handles_labels()
    columns = 1 if layout.narrow else 2
    canvas.legend(
        handles, texts, loc="upper left", ncols=columns, bbox_to_anchor=(0, 1), borderaxespad=0
    )
    canvas.supxlabel(x, fontsize=layout.text, y=0, va="bottom")
    canvas.supylabel(y, fontsize=layout.text, x=0, ha="left")
