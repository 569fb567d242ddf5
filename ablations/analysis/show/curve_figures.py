"""Learning-curve figures: one panel for a few arms, small multiples for many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablations.analysis.infer.curves import ArmHistories, Curve, curve
from ablations.analysis.infer.statistics import Interval
from ablations.analysis.show.formats import seed_ranges
from ablations.analysis.show.plot_style import (
    ARM,
    COLOURS,
    CONTROL,
    MOST_ARMS_IN_ONE_PANEL,
    WIDTH_INCHES,
    Drawing,
    Limits,
    draw,
    house_style,
    robust_limits,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

COLUMNS = 4


@dataclass(frozen=True)
class _Metric:
    key: str
    title: str
    percent: bool


_METRICS = (
    _Metric("validation_accuracy", "Validation accuracy", percent=True),
    _Metric("train_loss", "Training loss", percent=False),
    _Metric("validation_loss", "Validation loss", percent=False),
)


def curve_drawings(histories: Sequence[ArmHistories], control: str) -> list[Drawing]:
    """Draw each learning curve for which some arm has numbers."""
    drawings = []
    for metric in _METRICS:
        found = {one.arm: curve(one.histories, metric.key) for one in histories}
        scale = 100 if metric.percent else 1
        curves = {arm: _scaled(one, scale) for arm, one in found.items() if one is not None}
        if curves:
            drawings.append(_drawing(metric, curves, control, histories))
    return drawings


def _drawing(
    metric: _Metric, curves: Mapping[str, Curve], control: str, histories: Sequence[ArmHistories]
) -> Drawing:
    from matplotlib.figure import Figure as Canvas

    limits = _limits(curves, control, metric.percent)
    labels = {one.arm: _label(one, curves.get(one.arm)) for one in histories}
    label = f"{metric.title.lower()} (%)" if metric.percent else f"{metric.title.lower()} (nats)"
    with house_style():
        canvas = Canvas()
        if len(curves) > MOST_ARMS_IN_ONE_PANEL:
            _small_multiples(canvas, curves, control, labels, limits, label)
        else:
            _one_panel(canvas, curves, control, labels, limits, label)
        caption = _caption(curves, control, histories, limits)
        return draw(canvas, f"{metric.key}_per_epoch", f"{metric.title} per epoch", caption)


def _scaled(one: Curve, scale: int) -> Curve:
    intervals = tuple(i and Interval(i.low * scale, i.high * scale) for i in one.intervals)
    return replace(one, means=tuple(scale * value for value in one.means), intervals=intervals)


def _limits(curves: Mapping[str, Curve], control: str, percent: bool) -> Limits:
    """Return the range of the means once the first quarter of the epochs is over.

    Losses that differ a thousandfold are all shown, on a logarithmic axis.  Else bands may widen
    the range by half at either side, no more: those of n = 2 are very wide.
    """
    settled = [value for one in curves.values() for value in _settled(one)]
    if not percent and 0 < 1_000 * min(settled) < max(settled):
        return Limits(min(settled) / 1.5, 1.5 * max(settled), logarithmic=True)
    limits = robust_limits(
        [_settled(one) for arm, one in curves.items() if arm != control],
        _settled(curves[control]) if control in curves else (),
    )
    room = 0.5 * (limits.high - limits.low)
    bands = [i for one in curves.values() for i in _settled_bands(one) if i is not None]
    inside = [b for b in bands if b.high >= limits.low and b.low <= limits.high]
    low = max(limits.low - room, min([limits.low, *(band.low for band in inside)]))
    high = min(limits.high + room, max([limits.high, *(band.high for band in inside)]))
    if percent:
        low, high = max(low, min(-1.0, limits.low)), min(high, max(101.0, limits.low + 1))
    return Limits(low, high)


def _settled(one: Curve) -> tuple[float, ...]:
    return one.means[len(one.means) // 4 :]


def _settled_bands(one: Curve) -> tuple[Interval | None, ...]:
    return one.intervals[len(one.intervals) // 4 :]


def _label(one: ArmHistories, drawn: Curve | None) -> str:
    """Return the arm's name; below it, where runs are not in the mean, how many are."""
    name, n = wrapped(one.arm, 27, 2), drawn.n if drawn else 0
    return name if n == one.runs else f"{name}\n({n} of {one.runs} runs)"


def _one_panel(
    canvas: Canvas,
    curves: Mapping[str, Curve],
    control: str,
    labels: Mapping[str, str],
    limits: Limits,
    label: str,
) -> None:
    canvas.set_size_inches(WIDTH_INCHES - 2, 3.9)
    axes = canvas.subplots()
    colours = iter(COLOURS)
    for arm, one in curves.items():
        if arm != control:
            _draw(axes, one, next(colours), labels[arm])
    if control in curves:
        _draw(axes, curves[control], CONTROL, f"{labels[control]}\n(control)", dashed=True)
    _finish(axes, limits, curves)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    handles, texts = axes.get_legend_handles_labels()
    axes.legend(handles, texts, loc="center left", bbox_to_anchor=(1.01, 0.5), borderaxespad=0.4)


def _small_multiples(
    canvas: Canvas,
    curves: Mapping[str, Curve],
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


def _draw(axes: Axes, one: Curve, colour: str, label: str, dashed: bool = False) -> None:
    bands = [(i.low, i.high) for i in one.intervals if i is not None]
    style = (0, (4, 1.5)) if dashed else "-"
    if len(one.epochs) == 1:
        axes.plot(one.epochs, one.means, "o", color=colour, markersize=5, label=label)
        for low, high in bands:
            axes.vlines(one.epochs[0], low, high, color=colour, alpha=0.6)
        return
    axes.plot(one.epochs, one.means, color=colour, linestyle=style, label=label)
    if bands:
        lows, highs = zip(*bands, strict=True)
        axes.fill_between(one.epochs, lows, highs, color=colour, alpha=0.16, linewidth=0)


def _finish(axes: Axes, limits: Limits, curves: Mapping[str, Curve]) -> None:
    from matplotlib.ticker import MaxNLocator

    first = min(one.epochs[0] for one in curves.values())
    last = max(one.epochs[-1] for one in curves.values())
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
    curves: Mapping[str, Curve], control: str, histories: Sequence[ArmHistories], limits: Limits
) -> str:
    counts = sorted({one.n for one in curves.values()})
    several = f"{counts[0]} to {counts[-1]}"
    n = f"n = {counts[0]}" if len(counts) == 1 else f"n = {several}"
    band = "with Student's 95% interval" if counts[-1] > 1 else "one run, so no interval"
    look = "is black" if control in curves else "has no curve"
    parts = [f"Mean over the seeds of completed runs ({n}), {band}. The control {look}."]
    beyond = [arm for arm, one in curves.items() if not limits.hold(_settled(one))]
    if any(not limits.hold(one.means) and one_arm not in beyond for one_arm, one in curves.items()):
        parts.append("The axis shows the range after the first quarter of the epochs.")
    if beyond:
        parts.append(f"Cut at the axis, so that the others can be read: {', '.join(beyond)}.")
    if limits.logarithmic:
        parts.append("The axis is logarithmic.")
    absent = [one.arm for one in histories if one.arm not in curves]
    if absent:
        parts.append(f"No completed run with a curve: {', '.join(absent)}.")
    for one in histories:
        if one.torn:
            torn = seed_ranges(one.torn)
            parts.append(f"Incomplete metrics.jsonl, not in the curve: {one.arm}, seed {torn}.")
    return " ".join(parts)
