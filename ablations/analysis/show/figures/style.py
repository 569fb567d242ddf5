"""What every figure shares: sizes, colours, and bytes that are the same everywhere."""

from __future__ import annotations

import io
import itertools
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.svg import slim

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

INK, QUIET, PAPER = "#1d2126", "#59616b", "#ffffff"
CONTROL = "#000000"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette, readable with every common colour blindness; black is the control's."""
ARM = COLOURS[0]
AXIS, GRID, MARGIN = "#888888", "#e4e4e4", "#e9edf1"
MOST_ARMS_IN_ONE_PANEL = len(COLOURS)
DOTS_PER_INCH = 150
PADDING_INCHES = 0.08


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn, besides its colour."""

    dash: Any = "-"
    marker: str = ""


SOLID, DASHED = Stroke(), Stroke((0, (4, 1.5)))
"""The line of an arm that has a panel to itself, and the control's."""


@dataclass(frozen=True)
class Layout:
    """The space that a figure is drawn for."""

    width: float
    """Inches."""
    columns: int
    """Panels side by side."""
    narrow: bool
    printed: bool = False
    """Whether it stands in a paper: rows are dense, and what they mean is told by shapes alone."""
    text: float = 9
    """Points."""
    title_lines: int = 2
    """Of the name above one of many panels."""
    panel_height: float = 3.2
    """Inches, of a panel that stands alone."""
    strokes: tuple[Stroke, ...] = len(COLOURS) * (SOLID,)
    """Of the arms that share a panel."""


WIDE = Layout(8.6, 4, narrow=False)
NARROW = Layout(3.3, 2, narrow=True)
"""For a phone: at its natural size, 96 pixels an inch, it fits a screen of 360 pixels."""

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same measures on every machine
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": AXIS,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.grid": True,
    "figure.facecolor": PAPER,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": AXIS,
    "xtick.labelcolor": INK,
    "xtick.major.size": 0,  # the grid marks them
    "ytick.major.size": 0,
    "ytick.color": AXIS,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "ablations",
    "pdf.fonttype": 42,  # TrueType, as venues want it, not matplotlib's own Type 3
}

_IN_THE_DARK = {
    PAPER: "#15181c",
    INK: "#e4e7eb",
    QUIET: "#a3acb7",
    CONTROL: "#ffffff",
    AXIS: "#8b939d",
    GRID: "#2f353c",
    MARGIN: "#2a3036",
    "#0072b2": "#4aa3e6",
    "#d55e00": "#ff8a47",
    "#009e73": "#2fc39a",
    "#cc79a7": "#e79bc6",
    "#e69f00": "#f6bd3b",
    "#56b4e9": "#a6dcff",
    "#777777": "#9aa2ac",
    "#005a8e": "#7cc0ff",
    "#9a3b00": "#ff9d5c",
    "#006b4e": "#4fd0a5",
}
"""Colour → the one in its place where the reader's screen is dark."""

DARK_RULES = "\n".join(
    [
        f"svg {{ fill: {_IN_THE_DARK[CONTROL]} }}",  # of black text, which matplotlib leaves out
        *(
            f'[style*="{part}: {light}"] {{ {part}: {dark} !important }}'
            for light, dark in _IN_THE_DARK.items()
            for part in ("fill", "stroke")
        ),
    ]
)
"""CSS that turns a figure dark; what knows no CSS shows the light one."""


@dataclass(frozen=True)
class VerdictStyle:
    """How a verdict is drawn: colour and shape both tell it."""

    colour: str
    marker: str
    filled: bool = True
    text: str = QUIET


VERDICT_STYLES = {
    "better": VerdictStyle("#0072b2", "^", text="#005a8e"),
    "worse": VerdictStyle("#d55e00", "v", text="#9a3b00"),
    "equivalent": VerdictStyle("#009e73", "s", text="#006b4e"),
    "inconclusive": VerdictStyle("#777777", "o", filled=False),
    "none": VerdictStyle("#777777", "o", filled=False),
}


@contextmanager
def house_style(text: float = WIDE.text) -> Iterator[None]:
    """Draw with matplotlib's defaults and the house's, whatever the user's matplotlibrc says.

    ``text`` is in points.
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS | {"font.size": text, "axes.titlesize": text})
        yield


def draw(name: str, title: str, caption: str, paint: Callable[[Canvas, Layout], None]) -> Figure:
    """Return the figure that ``paint`` draws, for a wide page and for a phone.

    ``name`` may hold the name of a metric, which need not be one of a file.
    """
    from matplotlib.figure import Figure as Canvas

    with house_style():
        wide, narrow = Canvas(), Canvas()
        paint(wide, WIDE)
        paint(narrow, NARROW)
        box, narrow_box = _box(wide), _box(narrow)
        svg, narrow_svg = _svg(wide, box), _svg(narrow, narrow_box)
        png, narrow_png = _png(wide, box), _png(narrow, narrow_box)
        file = re.sub(r"[^\w-]+", "_", name).strip("_")
        return Figure(file, title, caption, svg, narrow_svg, png, narrow_png, paint)


def draw_svg(paint: Callable[[Canvas], None]) -> str:
    """Return what ``paint`` draws, as SVG alone."""
    from matplotlib.figure import Figure as Canvas

    with house_style():
        canvas = Canvas()
        paint(canvas)
        return _svg(canvas, _box(canvas))


def part_labels(canvas: Canvas) -> None:
    """Take ticks away from an x axis until no label touches the next; turn labels that are words.

    The canvas must have been drawn.
    """
    from matplotlib.ticker import MaxNLocator

    for axes in canvas.axes:
        marked = [each for each in axes.xaxis.get_major_ticks() if _within(each.get_loc(), axes)]
        ticks = [each.get_loc() for each in marked]
        labels = [each.label1.get_text() for each in marked]
        written = not isinstance(axes.xaxis.get_major_locator(), MaxNLocator)
        for step in range(2, len(ticks)):
            if not _touching(axes):
                break
            if not all(map(_is_number, labels)):
                axes.tick_params(axis="x", labelrotation=90)
                break
            axes.set_xticks(ticks[::step], labels[::step] if written else None)
            canvas.draw_without_rendering()


def _touching(axes: Axes) -> bool:
    """Whether two labels of the x axis are less than half a letter apart."""
    drawn = [
        tick.label1.get_window_extent()
        for tick in axes.xaxis.get_major_ticks()
        if tick.label1.get_visible() and tick.label1.get_text() and _within(tick.get_loc(), axes)
    ]
    drawn.sort(key=lambda box: box.x0)
    return any(one.x1 + one.height / 3 > other.x0 for one, other in itertools.pairwise(drawn))


def _within(place: float, axes: Axes) -> bool:
    return min(axes.get_xlim()) <= place <= max(axes.get_xlim())


def _is_number(text: str) -> bool:
    try:
        float(text.replace("−", "-"))
    except ValueError:
        return False
    return True


def _box(canvas: Canvas) -> Any:
    """Return what the canvas covers, the text that hangs out of it too."""
    canvas.draw_without_rendering()
    part_labels(canvas)
    return canvas.get_tightbbox().padded(PADDING_INCHES)


def _svg(canvas: Canvas, box: Any) -> str:
    """Return the SVG, of which no date or program version is part."""
    svg = io.StringIO()
    nameless = {"Date": None, "Creator": None}
    canvas.savefig(svg, format="svg", bbox_inches=box, metadata=nameless)
    return slim(svg.getvalue(), DARK_RULES)


def _png(canvas: Canvas, box: Any) -> bytes:
    png = io.BytesIO()
    nameless = {"Software": None}
    canvas.savefig(png, format="png", bbox_inches=box, metadata=nameless, dpi=DOTS_PER_INCH)
    return png.getvalue()


def wrapped(name: str, width: int, lines: int = 3) -> str:
    """Break a long name over lines; what does not fit ends in an ellipsis."""
    parts = textwrap.wrap(name.replace("_", "_ "), width) if len(name) > width else [name]
    parts = [part.replace("_ ", "_") for part in parts]
    return "\n".join(parts[:lines]) + ("…" if len(parts) > lines else "")
