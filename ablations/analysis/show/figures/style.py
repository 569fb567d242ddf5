"""What every figure shares: size, colours, and bytes that are the same everywhere."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ablations.analysis.show.blocks import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

CONTROL = "#000000"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette, readable with every common colour blindness; black is the control's."""
ARM, TROUBLE, GRID = COLOURS[0], COLOURS[1], "#e4e4e4"
MOST_ARMS_IN_ONE_PANEL = 6
DOTS_PER_INCH = 150
PADDING_INCHES = 0.12
WIDTH_INCHES = 8.6

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same shapes on every machine
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "ablations",
}


@dataclass(frozen=True)
class VerdictStyle:
    """How a verdict is drawn: colour and shape both tell it."""

    colour: str
    marker: str
    filled: bool = True
    text: str = "#444444"


VERDICT_STYLES = {
    "better": VerdictStyle("#0072B2", "^", text="#005a8e"),
    "worse": VerdictStyle("#D55E00", "v", text="#9a3b00"),
    "equivalent": VerdictStyle("#009E73", "s", text="#006b4e"),
    "unstable": VerdictStyle("#CC79A7", "X", text="#8f3b69"),
    "inconclusive": VerdictStyle("#777777", "o", filled=False),
    "none": VerdictStyle("#777777", "o", filled=False),
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with matplotlib's defaults and the house's, whatever the user's matplotlibrc says."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def draw(canvas: Canvas, name: str, title: str, caption: str) -> Figure:
    """Return the canvas as SVG and PNG without date, program version or trailing spaces."""
    svg, png = io.StringIO(), io.BytesIO()
    canvas.draw_without_rendering()
    box = canvas.get_tightbbox().padded(PADDING_INCHES)
    nameless = {"Date": None, "Creator": None}
    canvas.savefig(svg, format="svg", bbox_inches=box, metadata=nameless)
    nameless = {"Software": None}
    canvas.savefig(png, format="png", bbox_inches=box, metadata=nameless, dpi=DOTS_PER_INCH)
    lines = (line.rstrip() for line in svg.getvalue().splitlines())
    return Figure(name, title, caption, "\n".join(lines) + "\n", png.getvalue())


def inline_svg(figure: Figure) -> str:
    """Return the SVG element alone, its ids made unique so that several fit one page."""
    svg = figure.svg[figure.svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{figure.name}-', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{figure.name}-", svg)


def wrapped(name: str, width: int, lines: int = 3) -> str:
    """Break a long name over lines; what does not fit ends in an ellipsis."""
    parts = textwrap.wrap(name.replace("_", "_ "), width) if len(name) > width else [name]
    parts = [part.replace("_ ", "_") for part in parts]
    return "\n".join(parts[:lines]) + ("…" if len(parts) > lines else "")


def rows_height(names: Sequence[str]) -> float:
    """Return the height, in inches, of rows with these names beside them."""
    tallest = max((name.count("\n") for name in names), default=0)
    return (0.3 + 0.07 * tallest) * max(len(names), 2)
