"""Arms as rows of a figure: a name, a note, and a line along a common axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ablations.analysis.show.figures.limits import Limits
from ablations.analysis.show.figures.style import PAPER, QUIET, Layout, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

AXIS_WIDTH = 4.4
"""Inches of the axis itself where names and notes stand beside it."""
TEXT_LINE, DRAWN = 0.155, 0.35
"""Inches: a line of text; what is drawn of a row below its text."""
BESIDE, ABOVE, DENSE = 28, 40, 26
"""The most characters of a line of text beside the axis, above a row, and beside a dense one."""


@dataclass(frozen=True)
class Row:
    """What is written of an arm."""

    name: str
    note: str = ""
    colour: str = QUIET
    """Of the note."""


def row_axes(
    canvas: Canvas, layout: Layout, rows: Sequence[Row], limits: Limits
) -> tuple[Axes, list[float]]:
    """Return axes over ``limits`` whose y is in inches from the top, and the centre of each row.

    Name and note stand beside the axis, or above each row where the layout is narrow.
    """
    axes = canvas.add_axes((0, 0, 1, 1))
    write = _write_above if layout.narrow else _write_beside
    write = _write_densely if layout.printed else write
    centres, bottom = [], 0.0
    for row in rows:
        centre, bottom = write(axes, row, bottom)
        centres.append(centre)
    canvas.set_size_inches(layout.width if layout.narrow else AXIS_WIDTH, bottom)
    axes.set_xlim(limits.low, limits.high)
    axes.set_ylim(bottom, 0)
    axes.grid(visible=False, axis="y")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return axes, centres


def _write_beside(axes: Axes, row: Row, top: float) -> tuple[float, float]:
    """Write left and right of the axis; return where the row's centre and bottom are."""
    name, note = wrapped(row.name, BESIDE, 2), wrapped(row.note, BESIDE, 2)
    lines = 1 + max(name.count("\n"), note.count("\n"))
    bottom = top + 0.145 + TEXT_LINE * lines
    centre = (top + bottom) / 2
    across = axes.get_yaxis_transform()
    axes.text(-0.02, centre, name, transform=across, ha="right", va="center", linespacing=1.1)
    axes.text(1.02, centre, note, transform=across, va="center", color=row.colour, linespacing=1.1)
    return centre, bottom


def _write_densely(axes: Axes, row: Row, top: float) -> tuple[float, float]:
    """Write beside the axis, as ``_write_beside`` does, in rows as low as what is drawn allows."""
    name = wrapped(row.name, DENSE, 2)
    bottom = top + 0.085 + 0.125 * (1 + name.count("\n"))
    centre = (top + bottom) / 2
    across = axes.get_yaxis_transform()
    axes.text(-0.03, centre, name, transform=across, ha="right", va="center", linespacing=1.0)
    axes.text(1.03, centre, row.note, transform=across, va="center", color=row.colour)
    return centre, bottom


def _write_above(axes: Axes, row: Row, top: float) -> tuple[float, float]:
    """Write on a strip above what is drawn, the note in the same line where there is room."""
    name, note = wrapped(row.name, ABOVE, 2), wrapped(row.note, ABOVE, 2)
    across = axes.get_yaxis_transform()
    one_line = len(name) + len(note) < ABOVE
    strip = top + TEXT_LINE * (1 if one_line else 2 + name.count("\n") + note.count("\n"))
    axes.axhspan(top, strip, color=PAPER, linewidth=0, zorder=2.5)
    axes.text(0, top, name, transform=across, va="top", zorder=3, linespacing=1.1)
    if one_line:
        axes.text(1, top, note, transform=across, ha="right", va="top", color=row.colour, zorder=3)
    else:
        axes.text(
            0, strip, note, transform=across, va="bottom", color=row.colour, zorder=3,
            linespacing=1.1,
        )  # fmt: skip
    return strip + 0.18, strip + DRAWN


def beside_centre(centre: float, position: int) -> float:
    """Return the height of one of a row's dots: spread by order, as drawing owns no randomness."""
    return centre + 0.035 * ((position + 1) % 3 - 1)


def point_beyond(
    axes: Axes,
    height: float,
    side: Literal["left", "right"],
    text: str,
    colour: str,
    raised: bool = False,
) -> None:
    """Draw an arrow at an end of the axis, beside it what lies beyond, ``raised`` above a line."""
    from matplotlib import rcParams

    edge, marker, away = (0.01, "<", 1) if side == "left" else (0.99, ">", -1)
    across = axes.get_yaxis_transform()
    axes.plot(edge, height, marker, color=colour, transform=across, markersize=6, clip_on=False)
    axes.annotate(
        text,
        (edge, height),
        xycoords=across,
        xytext=(6 * away, 7 if raised else 0),
        textcoords="offset points",
        ha=side,
        va="center_baseline",
        fontsize=rcParams["font.size"] - 0.5,
        color=colour,
        annotation_clip=False,
        zorder=4,
    )
