"""The figure of mean ranks over several data sets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ablations.analysis.infer.ranks import MeanRanks
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.limits import Limits
from ablations.analysis.show.figures.rows import Row, beside_centre, row_axes
from ablations.analysis.show.figures.style import ARM, CONTROL, INK, Layout, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def mean_ranks_figure(ranks: MeanRanks, control: str, each: str) -> Figure:
    """Draw each arm's mean rank, and its rank on ``each`` data set as a dot."""
    caption = f"The bar is an arm's mean rank, each dot its rank on {each}; 1 is the best."
    if ranks.critical_difference is not None:
        caption += (
            f" Mean ranks {ranks.critical_difference:.2f} or more apart are told apart (the line "
            "at the top); arms that share a letter are not."
        )
    paint = partial(_paint, ranks=ranks, control=control)
    return draw("mean_ranks", "Mean ranks", caption, paint)


def _paint(canvas: Canvas, layout: Layout, ranks: MeanRanks, control: str) -> None:
    told = ranks.critical_difference
    rows = [
        Row(f"{arm.arm}{' (control)' * (arm.arm == control)}", arm.groups if told else "", INK)
        for arm in ranks.arms
    ]
    limits = Limits(0.8, len(rows) + 0.2)
    axes, centres = row_axes(canvas, layout, rows, limits)
    for height, arm in zip(centres, ranks.arms, strict=True):
        colour = CONTROL if arm.arm == control else ARM
        heights = [beside_centre(height, position) for position in range(len(arm.ranks))]
        axes.plot(
            arm.ranks, heights, "o", color=colour, alpha=0.5, markersize=4.5, markeredgewidth=0
        )  # fmt: skip
        axes.vlines(arm.mean_rank, height - 0.1, height + 0.1, color=colour, linewidth=2.4)
    if told is not None:
        axes.hlines(0, 1, 1 + told, color=INK, linewidth=2.4, clip_on=False)
    axes.set_xticks(range(1, len(rows) + 1, max(1, len(rows) // 8)))
    axes.set_xlabel("rank; better to the left")
