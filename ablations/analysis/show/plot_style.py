"""What every figure shares: size, colours, limits, and bytes that are the same everywhere."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
class Drawing:
    """One figure of a report."""

    name: str
    """File name without the extension."""
    title: str
    caption: str
    svg: str
    png: bytes


@dataclass(frozen=True)
class Look:
    """How a verdict is drawn: colour and shape both tell it."""

    colour: str
    marker: str
    filled: bool = True
    text: str = "#444444"


VERDICT_LOOKS = {
    "better": Look("#0072B2", "^", text="#005a8e"),
    "worse": Look("#D55E00", "v", text="#9a3b00"),
    "equivalent": Look("#009E73", "s", text="#006b4e"),
    "unstable": Look("#CC79A7", "X", text="#8f3b69"),
    "inconclusive": Look("#777777", "o", filled=False),
    "none": Look("#777777", "o", filled=False),
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with matplotlib's defaults and the house's, whatever the user's matplotlibrc says."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def draw(canvas: Canvas, name: str, title: str, caption: str) -> Drawing:
    """Return the canvas as SVG and PNG without date, program version or trailing spaces."""
    svg, png = io.StringIO(), io.BytesIO()
    canvas.draw_without_rendering()
    box = canvas.get_tightbbox().padded(PADDING_INCHES)
    nameless = {"Date": None, "Creator": None}
    canvas.savefig(svg, format="svg", bbox_inches=box, metadata=nameless)
    nameless = {"Software": None}
    canvas.savefig(png, format="png", bbox_inches=box, metadata=nameless, dpi=DOTS_PER_INCH)
    lines = (line.rstrip() for line in svg.getvalue().splitlines())
    return Drawing(name, title, caption, "\n".join(lines) + "\n", png.getvalue())


def inline_svg(drawing: Drawing) -> str:
    """Return the SVG element alone, its ids made unique so that several fit one page."""
    svg = drawing.svg[drawing.svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{drawing.name}-', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{drawing.name}-", svg)


def wrapped(name: str, width: int, lines: int = 3) -> str:
    """Break a long name over lines; what does not fit ends in an ellipsis."""
    parts = textwrap.wrap(name.replace("_", "_ "), width) if len(name) > width else [name]
    parts = [part.replace("_ ", "_") for part in parts]
    return "\n".join(parts[:lines]) + ("…" if len(parts) > lines else "")


def rows_height(names: Sequence[str]) -> float:
    """Return the height, in inches, of rows with these names beside them."""
    tallest = max((name.count("\n") for name in names), default=0)
    return (0.3 + 0.07 * tallest) * max(len(names), 2)


@dataclass(frozen=True)
class Limits:
    """The range an axis shows."""

    low: float
    high: float
    logarithmic: bool = False

    def hold(self, values: Sequence[float]) -> bool:
        """Whether all ``values`` lie within."""
        return all(self.low <= value <= self.high for value in values)


def robust_limits(groups: Sequence[Sequence[float]], kept: Sequence[float] = ()) -> Limits:
    """Return limits that show every group, unless a few would squash all the others.

    Groups are arms; ``kept`` is the control, which is always shown.  The fewest arms are cut that
    let the rest be read: those that reach farthest from the middle, a quarter of them at most,
    and none unless the rest fills less than a quarter of the range of all.
    """
    others = [group for group in groups if group]
    shown = [*others, *([kept] if kept else [])]
    ends = sorted(end for group in shown for end in (min(group), max(group)))
    low, high = ends[0], ends[-1]
    middle = (ends[len(ends) // 2] + ends[(len(ends) - 1) // 2]) / 2
    by_reach = sorted(others, key=lambda group: max(middle - min(group), max(group) - middle))
    for cut in range(1, len(shown) // 4 + 1):
        core = [*by_reach[:-cut], *([kept] if kept else [])]
        core_low, core_high = min(map(min, core)), max(map(max, core))
        if 0 < 4 * (core_high - core_low) < high - low:
            low, high = core_low, core_high
            break
    margin = 0.06 * (high - low) or max(abs(high) * 0.05, 1e-3)
    return Limits(low - margin, high + margin)
