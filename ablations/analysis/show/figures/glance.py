"""The small figures of the overview: a study's verdicts at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.whole import Whole
from ablations.analysis.show.figures.effects import EffectLine, effect_limits, effect_lines
from ablations.analysis.show.figures.limits import Limits
from ablations.analysis.show.figures.style import (
    CONTROL,
    MARGIN,
    PAPER,
    QUIET,
    VERDICT_STYLES,
    draw_svg,
    wrapped,
)
from ablations.analysis.show.formats import difference_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH, ROW = 1.9, 0.17
"""Inches: of the axis without the names beside it, and of a row."""
TEXT = 7.5
"""Points."""
MOST_ROWS = 20
MOST_CHARACTERS = 26


def glance(inference: Inference) -> str:
    """Draw every arm's effect with its interval, the best first; empty without an effect."""
    lines, limits = effect_lines(inference), effect_limits(inference)
    if limits is None:
        return ""
    return draw_svg(partial(_paint, inference=inference, lines=lines, limits=limits))


def glance_at_whole(whole: Whole) -> str:
    """Draw the verdict of every arm on every part."""
    return draw_svg(partial(_paint_matrix, whole=whole))


def _paint(
    canvas: Canvas, inference: Inference, lines: Sequence[EffectLine], limits: Limits
) -> None:
    metric, shown = inference.answering_metric(), lines[:MOST_ROWS]
    scale = 100.0 if metric.percent else 1.0
    axes = _rows(canvas, [line.arm for line in shown], WIDTH)
    axes.set_xlim(limits.low, limits.high)
    edge = scale * inference.margin
    axes.axvspan(-edge, edge, color=MARGIN, linewidth=0, zorder=0.5)
    axes.axvline(0, color=CONTROL, linewidth=1, linestyle=(0, (4, 1.5)))
    for height, line in enumerate(shown):
        _draw_line(axes, height, line, scale, limits)
    unit = difference_unit(metric)
    in_unit = f" ({unit})" if unit else ""
    more = f"; {len(lines) - len(shown)} more" if len(lines) > len(shown) else ""
    label = f"{metric.label}{in_unit}, minus {wrapped(inference.control, MOST_CHARACTERS, 1)}{more}"
    axes.set_xlabel(wrapped(label, 36), fontsize=TEXT, color=QUIET)


def _draw_line(axes: Axes, height: float, line: EffectLine, scale: float, limits: Limits) -> None:
    style, interval = VERDICT_STYLES[line.verdict], line.interval.scaled(scale)
    low, high = max(interval.low, limits.low), min(interval.high, limits.high)
    if low <= high:
        axes.hlines(height, low, high, color=style.colour, linewidth=1.6)
    if interval.low < limits.low < interval.high:
        _mark(axes, limits.low, height, line.verdict, "<")
    if interval.high > limits.high > interval.low:
        _mark(axes, limits.high, height, line.verdict, ">")
    effect = min(max(scale * line.effect, limits.low), limits.high)
    beyond = effect != scale * line.effect
    marker = ("<" if effect == limits.low else ">") if beyond else style.marker
    _mark(axes, effect, height, line.verdict, marker)


def _paint_matrix(canvas: Canvas, whole: Whole) -> None:
    arms = [arm.arm for arm in whole.first.other_arms()]
    labels, shown = list(whole.parts), arms[:MOST_ROWS]
    axes = _rows(canvas, shown, 0.6 * len(labels))
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_xticks(range(len(labels)), [wrapped(label, 9, 2) for label in labels])
    axes.xaxis.tick_top()
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0, labelsize=TEXT)
    for column, part in enumerate(whole.parts.values()):
        verdicts = {arm.arm: arm.comparison.verdict for arm in part.arms if arm.comparison}
        for height, arm in enumerate(shown):
            verdict = verdicts.get(arm, "none")
            _mark(axes, column, height, verdict, VERDICT_STYLES[verdict].marker)
    control = wrapped(whole.first.control, MOST_CHARACTERS, 1)
    axes.set_xlabel(f"against {control}", fontsize=TEXT, color=QUIET)


def _mark(axes: Axes, x: float, y: float, verdict: str, marker: str) -> None:
    style = VERDICT_STYLES[verdict]
    axes.plot(
        x, y, marker, color=style.colour, markersize=5.5, clip_on=False,
        markerfacecolor=style.colour if style.filled else PAPER,
        markeredgecolor=PAPER if style.filled else style.colour, markeredgewidth=0.8,
    )  # fmt: skip


def _rows(canvas: Canvas, names: Sequence[str], width: float) -> Axes:
    """Return axes with a name beside each row, the first at the top."""
    canvas.set_size_inches(width, ROW * len(names) + 0.06)
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), [wrapped(name, MOST_CHARACTERS, 1) for name in names])
    axes.tick_params(axis="both", labelsize=TEXT)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    return axes
