"""Learning-curve figures: one panel for a few arms, small multiples for many."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablations.analysis.infer.curves import ArmCurves, LearningCurve
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.limits import Limits, curve_limits, settled
from ablations.analysis.show.figures.style import (
    ARM,
    COLOURS,
    CONTROL,
    MOST_ARMS_IN_ONE_PANEL,
    WIDTH_INCHES,
    draw,
    house_style,
    wrapped,
)
from ablations.analysis.show.formats import seed_ranges

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

COLUMNS = 4


@dataclass(frozen=True)
class _Drawn:
    """A logged metric that is drawn."""

    key: str
    """Of ``metrics.jsonl``."""
    title: str
    percent: bool


_DRAWN = (
    _Drawn("validation_accuracy", "Validation accuracy", percent=True),
    _Drawn("train_loss", "Training loss", percent=False),
    _Drawn("validation_loss", "Validation loss", percent=False),
)


def learning_curves(inference: Inference) -> Iterator[Figure]:
    """Draw each metric of which some arm has a curve."""
    for metric in _DRAWN:
        scale = 100 if metric.percent else 1
        curves = {
            arm.arm: _scaled(arm.curves[metric.key], scale)
            for arm in inference.curves
            if metric.key in arm.curves
        }
        if curves:
            yield _figure(metric, curves, inference.control, inference.curves)


def _figure(
    metric: _Drawn, curves: Mapping[str, LearningCurve], control: str, arms: Sequence[ArmCurves]
) -> Figure:
    from matplotlib.figure import Figure as Canvas

    limits = curve_limits(curves, control, metric.percent)
    labels = {arm.arm: _label(arm, curves.get(arm.arm)) for arm in arms}
    label = f"{metric.title.lower()} (%)" if metric.percent else f"{metric.title.lower()} (nats)"
    with house_style():
        canvas = Canvas()
        if len(curves) > MOST_ARMS_IN_ONE_PANEL:
            _small_multiples(canvas, curves, control, labels, limits, label)
        else:
            _one_panel(canvas, curves, control, labels, limits, label)
        caption = _caption(curves, control, arms, limits)
        return draw(canvas, f"{metric.key}_per_epoch", f"{metric.title} per epoch", caption)


def _scaled(curve: LearningCurve, scale: int) -> LearningCurve:
    intervals = tuple(interval and interval.scaled(scale) for interval in curve.intervals)
    means = tuple(scale * mean for mean in curve.means)
    return replace(curve, means=means, intervals=intervals)


def _label(arm: ArmCurves, curve: LearningCurve | None) -> str:
    """Return the arm's name; below it, where runs are not in the mean, how many are."""
    name, n = wrapped(arm.arm, 27, 2), curve.n if curve else 0
    return name if n == arm.runs else f"{name}\n({n} of {arm.runs} runs)"


def _one_panel(
    canvas: Canvas,
    curves: Mapping[str, LearningCurve],
    control: str,
    labels: Mapping[str, str],
    limits: Limits,
    label: str,
) -> None:
    canvas.set_size_inches(WIDTH_INCHES - 2, 3.9)
    axes = canvas.subplots()
    colours = iter(COLOURS)
    for arm, curve in curves.items():
        if arm != control:
            _draw(axes, curve, next(colours), labels[arm])
    if control in curves:
        _draw(axes, curves[control], CONTROL, f"{labels[control]}\n(control)", dashed=True)
    _finish(axes, limits, curves)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    handles, texts = axes.get_legend_handles_labels()
    axes.legend(handles, texts, loc="center left", bbox_to_anchor=(1.01, 0.5), borderaxespad=0.4)


def _small_multiples(
    canvas: Canvas,
    curves: Mapping[str, LearningCurve],
    control: str,
    labels: Mapping[str, str],
    limits: Limits,
    label: str,
) -> None:
    arms = [arm for arm in curves if arm != control]
    rows = math.ceil(len(arms) / COLUMNS)
    two_lines = any("\n" in labels[arm] for arm in arms[:COLUMNS])
    top = 0.2 + 0.14 * two_lines  # inches, for the legend and a second line of titles
    height = 1.75 * rows + top
    canvas.set_size_inches(WIDTH_INCHES, height)
    panels = canvas.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).flat
    canvas.subplots_adjust(
        left=0.075, right=0.995, top=1 - (top + 0.3) / height, bottom=0.4 / height, hspace=0.42
    )
    for position, panel in enumerate(panels):
        if position >= len(arms):
            panel.remove()
            continue
        arm = arms[position]
        _draw(panel, curves[arm], ARM, "the arm named above the panel")
        if control in curves:
            text = " ".join(labels[control].split("\n"))
            _draw(panel, curves[control], CONTROL, f"{text} (control)", dashed=True)
        _finish(panel, limits, curves)
        panel.set_title(labels[arm], loc="left", fontsize=8, pad=4)
        panel.tick_params(labelsize=7.5, labelbottom=position + COLUMNS >= len(arms))
        if not any(limits.low <= value <= limits.high for value in curves[arm].means):
            _say_where(panel, above=curves[arm].means[-1] > limits.high)
        if position == 0:
            handles, texts = panel.get_legend_handles_labels()
            canvas.legend(handles, texts, loc="upper left", ncols=2, bbox_to_anchor=(0.065, 1))
    canvas.supxlabel("epoch", fontsize=9, y=0.02 / height)
    canvas.supylabel(label, fontsize=9, x=0.0)


def _say_where(panel: Axes, above: bool) -> None:
    panel.text(
        0.97,
        0.9 if above else 0.05,
        f"{'above' if above else 'below'} the axis",
        transform=panel.transAxes,
        ha="right",
        va="top" if above else "bottom",
        fontsize=8,
        color=ARM,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )


def _draw(axes: Axes, curve: LearningCurve, colour: str, label: str, dashed: bool = False) -> None:
    bands = [(i.low, i.high) for i in curve.intervals if i is not None]
    style = (0, (4, 1.5)) if dashed else "-"
    if len(curve.epochs) == 1:
        axes.plot(curve.epochs, curve.means, "o", color=colour, markersize=5, label=label)
        for low, high in bands:
            axes.vlines(curve.epochs[0], low, high, color=colour, alpha=0.6)
        return
    axes.plot(curve.epochs, curve.means, color=colour, linestyle=style, label=label)
    if bands:
        lows, highs = zip(*bands, strict=True)
        axes.fill_between(curve.epochs, lows, highs, color=colour, alpha=0.16, linewidth=0)


def _finish(axes: Axes, limits: Limits, curves: Mapping[str, LearningCurve]) -> None:
    from matplotlib.ticker import MaxNLocator

    first = min(curve.epochs[0] for curve in curves.values())
    last = max(curve.epochs[-1] for curve in curves.values())
    margin = 0.03 * (last - first) or 0.5
    axes.set_xlim(first - margin, last + margin)
    if limits.logarithmic:
        axes.set_yscale("log")
    axes.set_ylim(limits.low, limits.high)
    if first == last:
        axes.set_xticks([first])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _caption(
    curves: Mapping[str, LearningCurve], control: str, arms: Sequence[ArmCurves], limits: Limits
) -> str:
    counts = sorted({curve.n for curve in curves.values()})
    several = f"{counts[0]} to {counts[-1]}"
    n = f"n = {counts[0]}" if len(counts) == 1 else f"n = {several}"
    band = "with Student's 95% interval" if counts[-1] > 1 else "one run, so no interval"
    shown = "is black" if control in curves else "has no curve"
    parts = [f"Mean over the seeds of completed runs ({n}), {band}. The control {shown}."]
    beyond = [arm for arm, curve in curves.items() if not limits.hold(settled(curve.means))]
    early = [arm for arm, curve in curves.items() if not limits.hold(curve.means)]
    if set(early) - set(beyond):
        parts.append("The axis shows the range after the first quarter of the epochs.")
    if beyond:
        parts.append(f"Cut at the axis, so that the others can be read: {', '.join(beyond)}.")
    if limits.logarithmic:
        parts.append("The axis is logarithmic.")
    absent = [arm.arm for arm in arms if arm.arm not in curves]
    if absent:
        parts.append(f"No completed run with a curve: {', '.join(absent)}.")
    for arm in arms:
        if arm.incomplete:
            seeds = seed_ranges(arm.incomplete)
            parts.append(f"Incomplete metrics.jsonl, not in the curve: {arm.arm}, seed {seeds}.")
    return " ".join(parts)
