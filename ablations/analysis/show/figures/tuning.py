"""The tuning curves: each arm's validation score against a tuned setting, the chosen value marked.

How fast a curve falls beside its best value is how sensitive the arm is to the setting.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.tuning_curves import ArmTuningCurve, TuningCurve, TuningPoint
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.limits import Limits, robust_limits
from ablations.analysis.show.figures.panels import (
    label_multiples,
    legend_outside,
    one_panel,
    small_multiples,
    title_width,
)
from ablations.analysis.show.figures.style import (
    ARM,
    COLOURS,
    CONTROL,
    PAPER,
    SOLID,
    Layout,
    Stroke,
    draw,
    wrapped,
)
from ablations.analysis.show.formats import listed, titled
from ablations.study.metrics import Metric
from ablations.study.settings import short_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST_IN_ONE_PANEL = 3
"""Arms whose error bars can be told apart side by side."""
APART = 0.09  # between such bars, as a share of the distance between two values
FEWEST_SHOWN = 2  # of the better values of an arm, whatever else the axis cuts


@dataclass(frozen=True)
class _Plot:
    """What is drawn, in the unit of the axis."""

    curve: TuningCurve
    arms: Sequence[ArmTuningCurve]
    """Those with points."""
    control: str
    metric: Metric
    limits: Limits

    @property
    def scale(self) -> float:
        """From the metric's own unit to the axis."""
        return 100.0 if self.metric.percent else 1.0

    @property
    def values(self) -> list[Any]:
        """The values tried, in order; where they are no numbers, in the order tried."""
        values = dict.fromkeys(_key(p.value) for arm in self.arms for p in arm.points)
        return sorted(values) if all(isinstance(v, float) for v in values) else list(values)

    def place(self, value: Any) -> float:
        """Return where a value stands on the axis."""
        key = _key(value)
        if not isinstance(key, float):
            return float(self.values.index(key))
        return math.log10(key) if self.curve.logarithmic else key


def tuning_curves(inference: Inference) -> Iterator[Figure]:
    """Draw a figure for each tuned setting."""
    if inference.tuning is None:
        return
    metric = inference.metric_named(inference.tuning.metric)
    for curve in inference.tuning_curves:
        arms = [arm for arm in curve.arms if any(p.mean is not None for p in arm.points)]
        if not arms:
            continue
        plot = _Plot(curve, arms, inference.control, metric, _limits(arms, metric))
        name = f"tuning_{curve.setting.replace('.', '_')}"
        title = f"{metric.label.capitalize()} by {curve.setting}"
        yield draw(name, title, _caption(plot, inference), partial(_paint, plot=plot))


def _key(value: Any) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number else short_value(value)


def tuning_limits(curve: TuningCurve, metric: Metric) -> Limits | None:
    """Return the range of the axis, percentages as such; None where no value has a mean."""
    arms = [arm for arm in curve.arms if any(point.mean is not None for point in arm.points)]
    return _limits(arms, metric) if arms else None


def _limits(arms: Sequence[ArmTuningCurve], metric: Metric) -> Limits:
    """Return limits that hold the better half of each arm's values, and the bars of the chosen."""
    scale = 100.0 if metric.percent else 1.0
    groups, ends = [], []
    for arm in arms:
        means = [scale * point.mean for point in arm.points if point.mean is not None]
        means.sort(reverse=metric.better == "higher")
        groups.append(means[: max(FEWEST_SHOWN, math.ceil(len(means) / 2))])
        bars = [p.interval.scaled(scale) for p in arm.points if p.chosen and p.interval]
        ends += [end for bar in bars for end in (bar.low, bar.high)]
    limits = robust_limits(groups)
    room = 0.5 * (limits.high - limits.low)
    low = max(limits.low - room, min([limits.low, *ends]))
    high = min(limits.high + room, max([limits.high, *ends]))
    return Limits(max(low, -1.0), min(high, 101.0)) if metric.percent else Limits(low, high)


def _paint(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    if len(plot.arms) <= MOST_IN_ONE_PANEL:
        _one_panel(canvas, layout, plot)
    else:
        _small_multiples(canvas, layout, plot)


def _one_panel(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    axes = one_panel(canvas, layout)
    looks = zip(COLOURS, layout.strokes, strict=True)
    middle = (len(plot.arms) - 1) / 2
    for number, arm in enumerate(plot.arms):
        is_control = arm.arm == plot.control
        label = f"{wrapped(arm.arm, 27, 2)}{' (control)' * is_control}"
        colour, stroke = (CONTROL, SOLID) if is_control else next(looks)
        _draw(axes, plot, arm, colour, label, (number - middle) * APART, stroke)
    _finish(axes, plot)
    axes.set_xlabel(plot.curve.setting)
    axes.set_ylabel(_axis_label(plot.metric))
    legend_outside(axes, layout, range(len(plot.arms)))


def _small_multiples(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    """Draw an arm a panel, the control in each of them."""
    control = next((arm for arm in plot.arms if arm.arm == plot.control), None)
    arms = [arm for arm in plot.arms if arm is not control]
    titles = [wrapped(arm.arm, title_width(layout), layout.title_lines) for arm in arms]
    for arm, panel in zip(arms, small_multiples(canvas, layout, titles), strict=True):
        if control is not None:
            label = f"{wrapped(control.arm, 27, 1)} (control)"
            _draw(panel, plot, control, CONTROL, label, stroke=Stroke("--"), bars=False)
        _draw(panel, plot, arm, ARM, "the arm named above the panel")
        _finish(panel, plot)
    label_multiples(canvas, layout, plot.curve.setting, _axis_label(plot.metric))


def _draw(
    axes: Axes,
    plot: _Plot,
    arm: ArmTuningCurve,
    colour: str,
    label: str,
    shift: float = 0.0,
    stroke: Stroke = SOLID,
    bars: bool = True,
) -> None:
    """Draw one arm; ``shift`` moves it aside, in distances between two values."""
    step = shift * _step(plot)
    style = stroke.dash if plot.curve.slice else ""
    at = [plot.place(p.value) + step for p in arm.points]
    means = [math.nan if p.mean is None else plot.scale * p.mean for p in arm.points]
    look: dict[str, Any] = {"color": colour, "linewidth": 1.3 if bars else 1.0}
    axes.plot(at, means, "o", linestyle=style, markersize=2.5, label=label, **look)
    for place, mean, point in zip(at, means, arm.points, strict=True):
        if bars and point.interval:
            bar = point.interval.scaled(plot.scale)
            axes.vlines(place, bar.low, bar.high, color=colour, linewidth=1.1, alpha=0.6)
        if point.chosen:
            face = colour if bars else PAPER
            axes.plot(place, mean, "D", color=colour, markerfacecolor=face, markersize=5.5)
        if bars or len(plot.arms) <= MOST_IN_ONE_PANEL:
            _mark_at_edge(axes, plot, place, mean, point, colour)


def _mark_at_edge(
    axes: Axes, plot: _Plot, place: float, mean: float, point: TuningPoint, colour: str
) -> None:
    """Mark a value that the axis cuts, or of which runs diverged, at the axis's worse end."""
    worse = 0.035 if plot.metric.better == "higher" else 0.965
    edge: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "color": colour}
    if point.diverged:
        axes.plot(place, worse, "x", markersize=5, markeredgewidth=1.5, **edge)
    elif not plot.limits.hold([mean]):
        below = mean < plot.limits.low
        height, marker = (0.035, "v") if below else (0.965, "^")
        axes.plot(place, height, marker, markersize=4, **edge)


def _step(plot: _Plot) -> float:
    places = sorted(plot.place(value) for value in plot.values)
    return min((after - before for before, after in itertools.pairwise(places)), default=1.0)


def _finish(axes: Axes, plot: _Plot) -> None:
    places = [plot.place(value) for value in plot.values]
    room = 0.06 * (max(places) - min(places)) or 0.5
    axes.set_xlim(min(places) - room, max(places) + room)
    axes.set_ylim(plot.limits.low, plot.limits.high)
    if plot.curve.logarithmic:
        decades = range(math.ceil(min(places)), math.floor(max(places)) + 1)
        axes.set_xticks(list(decades), [_power(decade) for decade in decades])
        axes.set_xticks(places, minor=True)
    elif not isinstance(plot.values[0], float):
        axes.set_xticks(places, [wrapped(str(value), 12, 2) for value in plot.values])


def _power(decade: int) -> str:
    return f"{10.0**decade:g}" if -4 <= decade <= 4 else f"1e{decade}"


def _axis_label(metric: Metric) -> str:
    label = metric.label.replace(" of the tested weights", "")
    return f"{label} (%)" if metric.percent else titled(metric)


def _caption(plot: _Plot, inference: Inference) -> str:
    points = [point for arm in plot.arms for point in arm.points]
    runs = sorted({point.runs for point in points})
    n = str(runs[0]) if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    text = f"Mean over n = {n} tuning seeds"
    text += " with Student's 95% interval" if runs[-1] > 1 else ", so no interval"
    parts = [f"{text}. A diamond marks the value at which the arm is compared."]
    if len(inference.tuning_curves) > 1:
        parts.append(
            "The other tuned settings are at the arm's chosen values."
            if plot.curve.slice
            else "Each dot is a trial; the trials differ in the other tuned settings too."
        )
    if any(point.diverged for point in points):
        parts.append("A cross at the edge marks diverged runs, which enter no mean.")
    means = [plot.scale * p.mean for p in points if p.mean is not None and not p.diverged]
    if not plot.limits.hold(means):
        parts.append(
            "Triangles are values beyond the axis, which is cut so that the best can be told apart."
        )
    drawn = {arm.arm for arm in plot.arms}
    absent = [arm.arm for arm in plot.curve.arms if arm.arm not in drawn]
    if absent:
        parts.append(f"No value to show: {listed(absent, 6)}.")
    return " ".join(parts)
