"""The forest plot: every arm's effect against the control with its interval and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ablations.analysis.infer.inference import Inference, kept_in_sight
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.verdicts import Verdict
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.comparisons import VERDICT_NAMES, verdict_words
from ablations.analysis.show.figures.limits import Limits, robust_limits, widened
from ablations.analysis.show.figures.rows import Row, point_beyond, row_axes
from ablations.analysis.show.figures.style import (
    CONTROL,
    MARGIN,
    PAPER,
    VERDICT_STYLES,
    Layout,
    VerdictStyle,
    draw,
    wrapped,
)
from ablations.analysis.show.formats import (
    decimals_of,
    difference,
    difference_unit,
    interval,
    listed,
    magnitude,
)
from ablations.study.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

BEST = " ★"
MOST_NARROW, MOST_PRINTED = 40, 46
"""Characters of a line below the axis."""
BELOW_AXIS, LABEL_LINE = 0.3, 0.125
"""Inches from the axis to its label, and for each line of that; of a printed figure."""


@dataclass(frozen=True)
class EffectLine:
    """One arm, in the metric's own unit."""

    arm: str
    verdict: Verdict
    words: str
    effect: float
    interval: Interval
    """The effect alone where n < 2."""
    simultaneous: Interval
    """Of all arms at once, drawn thin; as ``interval`` where n < 2."""
    may_be_best: bool


@dataclass(frozen=True)
class _Plot:
    """What is drawn; the axis is in the unit of ``difference_unit``."""

    lines: Sequence[EffectLine]
    limits: Limits
    metric: Metric
    control: str
    margin: float
    """0 where the study states none."""

    @property
    def scale(self) -> float:
        """From the metric's own unit to the axis."""
        return 100.0 if self.metric.percent else 1.0


def effects(inference: Inference) -> Iterator[Figure]:
    """Draw the effects, the largest first; nothing where there is none."""
    metric = inference.answering_metric()
    lines = effect_lines(inference)
    if not lines:
        return
    scale = 100.0 if metric.percent else 1.0
    limits = _limits(lines, scale, inference)
    plot = _Plot(lines, limits, metric, inference.control, inference.margin)

    title = f"Effect on {metric.label} against the control"
    yield draw(
        f"{metric.name}_effects", title, _caption(plot, inference), partial(_paint, plot=plot)
    )


def effect_lines(inference: Inference) -> list[EffectLine]:
    """Return a line for each arm that has an effect, the best first."""
    lines = []
    for arm in inference.arms:
        comparison = arm.comparison
        if comparison is None or comparison.effect is None:
            continue
        alone = comparison.interval or Interval(comparison.effect, comparison.effect)
        lines.append(
            EffectLine(
                arm=arm.arm,
                verdict=comparison.verdict,
                words=verdict_words(comparison, arm.is_copy),
                effect=comparison.effect,
                interval=alone,
                simultaneous=comparison.simultaneous or alone,
                may_be_best=arm.may_be_best,
            )
        )
    sign = -1 if inference.better == "higher" else 1
    return sorted(lines, key=lambda line: sign * line.effect)


def effect_limits(inference: Inference) -> Limits | None:
    """Return the range of the axis, in the unit of ``difference_unit``; None without an effect."""
    lines = effect_lines(inference)
    scale = 100.0 if inference.answering_metric().percent else 1.0
    return _limits(lines, scale, inference) if lines else None


def _limits(lines: Sequence[EffectLine], scale: float, inference: Inference) -> Limits:
    """Return limits that hold the control, its margin, and every arm that may be best or is better.

    Only other arms are cut off, and of the thin intervals those that are very wide.
    """
    ends = {line.arm: (scale * line.interval.low, scale * line.interval.high) for line in lines}
    kept = [end for arm in kept_in_sight(inference) for end in ends.get(arm, ())]
    limits = robust_limits(tuple(ends.values()), control=(0.0,), kept=(0.0, *kept))
    shown = [line for line in lines if limits.hold(ends[line.arm])]
    thin = [line.simultaneous.scaled(scale) for line in shown]
    room = 0.03 * (limits.high - limits.low)
    limits = widened(limits, [(each.low - room, each.high + room) for each in thin])
    edge = 1.1 * scale * inference.margin
    return Limits(min(limits.low, -edge), max(limits.high, edge))


def _paint(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    rows = [
        Row(
            line.arm + line.may_be_best * BEST,
            "" if layout.printed else line.words,
            VERDICT_STYLES[line.verdict].text,
        )
        for line in plot.lines
    ]
    axes, centres = row_axes(canvas, layout, rows, plot.limits)
    if plot.margin:
        edge = plot.scale * plot.margin
        axes.axvspan(-edge, edge, color=MARGIN, linewidth=0, zorder=0.5)
    axes.axvline(0, color=CONTROL, linewidth=1.6, linestyle=(0, (4, 1.5)))
    for height, line in zip(centres, plot.lines, strict=True):
        _draw_line(axes, height, line, plot, layout)
    axes.set_xlabel(_axis_label(plot, layout))
    if layout.printed:
        _verdict_legend(axes, plot, layout.text - 1)


def _verdict_legend(axes: Axes, plot: _Plot, size: float) -> None:
    """Say below the axis what the shapes of the drawn verdicts mean; ``size`` in points."""
    drawn = {line.verdict for line in plot.lines}
    shapes = [style for verdict, style in VERDICT_STYLES.items() if verdict in drawn]
    names = [VERDICT_NAMES.get(verdict, verdict) for verdict in VERDICT_STYLES if verdict in drawn]
    handles = [axes.plot([], [], linestyle="", **_shape(style, size))[0] for style in shapes]
    labels = BELOW_AXIS + LABEL_LINE * (1 + axes.get_xlabel().count("\n"))
    below = -labels / axes.get_ylim()[0]
    axes.legend(
        handles, names, loc="upper right", bbox_to_anchor=(1.04, below), ncols=len(names),
        handletextpad=0.1, columnspacing=0.9, borderpad=0, borderaxespad=0,
    )  # fmt: skip


def _shape(style: VerdictStyle, size: float) -> dict[str, Any]:
    """Return how the marker of a verdict is drawn, ``size`` points high."""
    return {
        "marker": style.marker,
        "color": style.colour,
        "markerfacecolor": style.colour if style.filled else PAPER,
        "markeredgecolor": PAPER if style.filled else style.colour,
        "markersize": size,
    }


def _axis_label(plot: _Plot, layout: Layout) -> str:
    unit = difference_unit(plot.metric)
    in_unit = f" ({unit})" if unit else ""
    direction = "right" if plot.metric.better == "higher" else "left"
    control = wrapped(plot.control, 30, 1)
    parts = (f"{plot.metric.label}, arm minus {control}{in_unit}", f"better to the {direction}")
    if not layout.narrow:
        return "; ".join(parts)
    width = MOST_PRINTED if layout.printed else MOST_NARROW
    return "\n".join(wrapped(part, width) for part in parts)


def _draw_line(axes: Axes, height: float, line: EffectLine, plot: _Plot, layout: Layout) -> None:
    style, limits = VERDICT_STYLES[line.verdict], plot.limits
    interval, effect = line.interval.scaled(plot.scale), plot.scale * line.effect
    low, high = max(interval.low, limits.low), min(interval.high, limits.high)
    inside = low <= high
    if inside:
        axes.hlines(height, low, high, color=style.colour, linewidth=2.4)
    wide = line.simultaneous.scaled(plot.scale)
    low, high = max(wide.low, limits.low), min(wide.high, limits.high)
    if low <= high:
        inside = True
        axes.hlines(height, low, high, color=style.colour, linewidth=0.8)
    if interval.low < limits.low:
        text = _beyond(line, plot, line.interval.low, effect < limits.low, layout)
        point_beyond(axes, height, "left", text, style.text, raised=inside)
    if interval.high > limits.high:
        text = _beyond(line, plot, line.interval.high, effect > limits.high, layout)
        point_beyond(axes, height, "right", text, style.text, raised=inside)
    if wide.low < limits.low <= interval.low:
        point_beyond(axes, height, "left", "", style.text)
    if wide.high > limits.high >= interval.high:
        point_beyond(axes, height, "right", "", style.text)
    if limits.hold([effect]):
        axes.plot(effect, height, linestyle="", **_shape(style, layout.text - 1))


def _beyond(line: EffectLine, plot: _Plot, end: float, effect_too: bool, layout: Layout) -> str:
    """Return the end of the interval, or where the effect lies beyond too, both.

    In print the effect is all: the table has the rest.
    """
    digits = decimals_of(plot.metric, line.interval)
    if not effect_too:
        return difference(plot.metric, end, digits)
    effect = difference(plot.metric, line.effect, digits)
    if layout.printed or line.interval.low == line.interval.high:
        return effect
    return f"{effect} ({interval(plot.metric, line.interval, digits)})"


def _caption(plot: _Plot, inference: Inference) -> str:
    parts = [
        "Mean difference over the paired seeds with Student's 95% interval; thin, the interval "
        "that holds for all arms at once."
        if inference.replicates == "paired"
        else "Difference of means with Welch's 95% interval; thin, the interval that holds for all "
        "arms at once. Runs are independent."
    ]
    if any(line.may_be_best for line in plot.lines):
        parts.append(f"{BEST.strip()}: may be the best arm.")
    parts.append(f"The dashed line is the control, {plot.control}")
    if plot.margin > 0:
        parts[-1] += f"; the grey band is the margin of ±{magnitude(plot.metric, plot.margin)}"
    parts[-1] += "."
    beyond = [
        line.arm
        for line in plot.lines
        if not plot.limits.hold([plot.scale * line.interval.low, plot.scale * line.interval.high])
    ]
    if beyond:
        parts.append(
            "The axis is cut so that the others can be read; an arrow with numbers stands for "
            f"what lies beyond it: {listed(beyond, len(beyond))}."
        )
    thin = {line.arm: line.simultaneous.scaled(plot.scale) for line in plot.lines}
    if any(not plot.limits.hold([thin[a].low, thin[a].high]) for a in thin if a not in beyond):
        parts.append("An arrow alone: a thin interval goes on beyond the axis.")
    absent = [arm.arm for arm in inference.arms if arm.comparison and not arm.comparison.n]
    if absent:
        paired = inference.replicates == "paired"
        none = "No seed in common with the control" if paired else "No run"
        parts.append(f"{none}: {', '.join(absent)}.")
    return " ".join(parts)
