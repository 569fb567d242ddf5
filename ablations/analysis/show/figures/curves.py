"""Learning-curve figures: one panel for a few arms, small multiples for many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ablations.analysis.infer.curves import ArmCurves, LearningCurve
from ablations.analysis.infer.inference import Inference, kept_in_sight
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.limits import Limits, curve_limits, settled
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
    DASHED,
    MOST_ARMS_IN_ONE_PANEL,
    PAPER,
    SOLID,
    Layout,
    Stroke,
    draw,
    wrapped,
)
from ablations.analysis.show.formats import listed, number, seed_ranges
from ablations.study.metrics import epoch_metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

NO_METRICS = ("epoch", "updates")
MOST_NAMED = 6
ENDS_AT = " ends at "
MARKS = 8
"""About as many markers has a line that has any."""
MOST_LOGGED = 6
"""Of the curves that a user's own trainer logs, how many are drawn."""


@dataclass(frozen=True)
class _Drawn:
    """A logged metric that is drawn."""

    key: str
    """Of ``metrics.jsonl``."""
    title: str
    percent: bool
    unit: str
    counted: str = "epoch"
    """What the axis counts."""

    @property
    def label(self) -> str:
        """Of the axis."""
        return f"{self.title.lower()} ({self.unit})" if self.unit else self.title.lower()

    def shown(self, value: float) -> str:
        """Return a value of the axis with its unit."""
        return f"{value:.2f}%" if self.percent else number(value)


def _drawn(inference: Inference) -> Iterator[_Drawn]:
    answer = inference.metric.removeprefix("test_")
    named = (f"validation_{inference.score}", "train_loss", "validation_loss")
    for key in dict.fromkeys((*named, f"validation_{answer}")):
        metric = inference.logged(key)
        assert metric is not None, key  # it is of a split
        title, unit = metric.label, "%" if metric.percent else metric.unit
        yield _Drawn(key, title[0].upper() + title[1:], metric.percent, unit)
    keys = dict.fromkeys(key for arm in inference.curves for key in arm.curves)
    logged = [key for key in keys if epoch_metric(key) is None and key not in NO_METRICS]
    for key in logged[:MOST_LOGGED]:  # by a user's own trainer
        declared = inference.own_metrics.get(key)
        yield _Drawn(key, key, False, declared.unit if declared else "", "step")


@dataclass(frozen=True)
class _Plot:
    """One metric's curves, in the unit of the axis."""

    metric: _Drawn
    curves: Mapping[str, LearningCurve]
    control: str
    runs: Mapping[str, int]
    """Arm → runs that count, the diverged ones among them."""
    limits: Limits

    def label(self, arm: str, width: int, lines: int = 2) -> str:
        """Return the arm's name; below it, where runs are not in the mean, how many are."""
        name, n, runs = wrapped(arm, width, lines), self.curves[arm].n, self.runs[arm]
        return name if n == runs else f"{name}\n({n} of {runs} runs)"

    def end(self, arm: str) -> str:
        """Return an arrow and where the arm's curve ends, if that is beyond the axis."""
        last = self.curves[arm].means[-1]
        if self.limits.hold([last]):
            return ""
        return f"{'▴' if last > self.limits.high else '▾'}{ENDS_AT}{self.metric.shown(last)}"


def learning_curves(inference: Inference) -> Iterator[Figure]:
    """Draw each metric of which some arm has a curve of two epochs or more."""
    for metric in _drawn(inference):
        scale = 100 if metric.percent else 1
        curves = {
            arm.arm: _scaled(arm.curves[metric.key], scale)
            for arm in inference.curves
            if metric.key in arm.curves
        }
        if any(len(curve.epochs) > 1 for curve in curves.values()):
            yield _figure(metric, curves, inference)


def _figure(metric: _Drawn, curves: Mapping[str, LearningCurve], inference: Inference) -> Figure:
    control, arms = inference.control, inference.curves
    limits = curve_limits(curves, control, metric.percent, kept_in_sight(inference))
    plot = _Plot(metric, curves, control, {arm.arm: arm.runs for arm in arms}, limits)
    several = len(curves) > MOST_ARMS_IN_ONE_PANEL
    arrange = _small_multiples if several else _one_panel
    caption = _caption(plot, arms)
    return draw(
        f"{metric.key}_per_{metric.counted}",
        f"{metric.title} per {metric.counted}",
        caption,
        partial(arrange, plot=plot),
    )


def _scaled(curve: LearningCurve, scale: int) -> LearningCurve:
    intervals = tuple(interval and interval.scaled(scale) for interval in curve.intervals)
    means = tuple(scale * mean for mean in curve.means)
    return replace(curve, means=means, intervals=intervals)


def _one_panel(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    """Draw all arms in one panel, with a legend in the order of the curves' ends outside of it."""
    axes = one_panel(canvas, layout)
    looks = zip(COLOURS, layout.strokes, strict=True)
    for arm, curve in plot.curves.items():
        label = plot.label(arm, 27)
        if arm == plot.control:
            label = f"{label}\n(control)"
        if plot.end(arm):
            label = f"{label}\n{plot.end(arm)}"
        if arm != plot.control:
            _draw(axes, curve, *next(looks), label)
        else:
            _draw(axes, curve, CONTROL, DASHED, label)
    _mark_ends(axes, plot)
    _finish(axes, plot)
    axes.set_xlabel(plot.metric.counted)
    axes.set_ylabel(plot.metric.label)
    ends = [curve.means[-1] for curve in plot.curves.values()]
    legend_outside(axes, layout, sorted(range(len(ends)), key=lambda position: -ends[position]))


def _mark_ends(axes: Axes, plot: _Plot) -> None:
    """Draw an arrow at the axis in the colour of each curve that ends beyond it, side by side."""
    lines = dict(zip(plot.curves, axes.get_lines(), strict=True))
    ending = [arm for arm in plot.curves if plot.end(arm)]
    for position, arm in enumerate(ending):
        above = plot.curves[arm].means[-1] > plot.limits.high
        axes.plot(
            0.985 - 0.035 * position,
            0.985 if above else 0.015,
            "^" if above else "v",
            color=lines[arm].get_color(),
            transform=axes.transAxes,
            clip_on=False,
            markersize=6,
        )


def _small_multiples(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    """Draw a panel for each arm beside the control's curve, all on the same axes."""
    arms = [arm for arm in plot.curves if arm != plot.control]
    titles = [plot.label(arm, title_width(layout), layout.title_lines) for arm in arms]
    for arm, panel in zip(arms, small_multiples(canvas, layout, titles), strict=True):
        _draw_panel(panel, layout, arm, plot)
    label_multiples(canvas, layout, plot.metric.counted, plot.metric.label)


def _draw_panel(panel: Axes, layout: Layout, arm: str, plot: _Plot) -> None:
    _draw(panel, plot.curves[arm], ARM, SOLID, "the arm named above the panel")
    if plot.control in plot.curves:
        text = " ".join(plot.label(plot.control, 27).split("\n"))
        _draw(panel, plot.curves[plot.control], CONTROL, DASHED, f"{text} (control)")
    _finish(panel, plot)
    if end := plot.end(arm):
        above = end.startswith("▴")
        end = end.replace(ENDS_AT, " ") if layout.printed else end
        panel.text(
            0.98, 0.96 if above else 0.04, end, transform=panel.transAxes, ha="right",
            va="top" if above else "bottom", fontsize=layout.text - 0.5, color=ARM,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1},
        )  # fmt: skip


def _draw(axes: Axes, curve: LearningCurve, colour: str, stroke: Stroke, label: str) -> None:
    bands = [(i.low, i.high) for i in curve.intervals if i is not None]
    if len(curve.epochs) == 1:
        axes.plot(curve.epochs, curve.means, "o", color=colour, markersize=5, label=label)
        for low, high in bands:
            axes.vlines(curve.epochs[0], low, high, color=colour, alpha=0.6)
        return
    axes.plot(
        curve.epochs, curve.means, color=colour, linestyle=stroke.dash, marker=stroke.marker,
        markevery=max(1, len(curve.epochs) // MARKS), markersize=3.5, label=label,
    )  # fmt: skip
    if bands:
        lows, highs = zip(*bands, strict=True)
        axes.fill_between(curve.epochs, lows, highs, color=colour, alpha=0.16, linewidth=0)


def _finish(axes: Axes, plot: _Plot) -> None:
    from matplotlib.ticker import MaxNLocator

    first = min(curve.epochs[0] for curve in plot.curves.values())
    last = max(curve.epochs[-1] for curve in plot.curves.values())
    margin = 0.03 * (last - first)
    axes.set_xlim(first - margin, last + margin)
    if plot.limits.logarithmic:
        axes.set_yscale("log")
    axes.set_ylim(plot.limits.low, plot.limits.high)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _is_cut(arm: ArmCurves) -> bool:
    """Whether some of an arm's seeds trained longer than others, as under early stopping."""
    return arm.lengths[0] < arm.lengths[1]


def _caption(plot: _Plot, arms: Sequence[ArmCurves]) -> str:
    curves, limits = plot.curves, plot.limits
    counts = sorted({curve.n for curve in curves.values()})
    several = f"{counts[0]} to {counts[-1]}"
    n = f"n = {counts[0]}" if len(counts) == 1 else f"n = {several}"
    band = "with Student's 95% interval" if counts[-1] > 1 else "one run, so no interval"
    shown = "is dashed" if plot.control in curves else "has no curve"
    parts = [f"Mean over the seeds of completed runs ({n}), {band}. The control {shown}."]
    beyond = [arm for arm, curve in curves.items() if not limits.hold(settled(curve.means))]
    early = [arm for arm, curve in curves.items() if not limits.hold(curve.means)]
    if set(early) - set(beyond):
        parts.append("The axis shows the range after the first quarter of the epochs.")
    if beyond:
        parts.append(
            "The axis is cut so that the others can be read; an arrow with a number says where a "
            f"curve ends beyond it. Cut: {', '.join(beyond)}."
        )
    if limits.logarithmic:
        parts.append("The axis is logarithmic.")
    cut = [f"{arm.arm} at {arm.lengths[0]} of {arm.lengths[1]}" for arm in arms if _is_cut(arm)]
    if cut:
        parts.append(f"A curve ends where the first of its seeds did: {listed(cut, MOST_NAMED)}.")
    absent = [arm.arm for arm in arms if arm.arm not in curves]
    if absent:
        parts.append(f"No completed run with a curve: {', '.join(absent)}.")
    for arm in arms:
        if arm.incomplete:
            seeds = seed_ranges(arm.incomplete)
            parts.append(f"Incomplete metrics.jsonl, not in the curve: {arm.arm}, seed {seeds}.")
    return " ".join(parts)
