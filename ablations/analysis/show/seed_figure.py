"""The figure of the study's metric: every seed of every arm as a dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablations.analysis.infer.arms import ArmRow
from ablations.analysis.read.collect import Collected
from ablations.analysis.show.formats import titled
from ablations.analysis.show.plot_style import (
    ARM,
    CONTROL,
    TROUBLE,
    Drawing,
    Limits,
    draw,
    house_style,
    robust_limits,
    rows_height,
    wrapped,
)
from ablations.study.metrics import METRICS, Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def seed_drawing(collected: Collected, every: Sequence[ArmRow]) -> Drawing | None:
    """Draw the study's metric of each run; None where no run completed."""
    from matplotlib.figure import Figure as Canvas

    metric = METRICS[collected.study.metric]
    scale = 100 if metric.percent else 1
    rows = [row for row in every if row.runs]
    values = {
        row.arm: [scale * value for value in collected.values(row.arm, metric.name).values()]
        for row in rows
    }
    if not any(values.values()):
        return None
    limits = _limits(values, collected.study.control)
    with house_style():
        names = [f"{wrapped(row.arm, 34, 2)}{' (control)' * row.is_control}" for row in rows]
        canvas = Canvas(figsize=(6.6, 0.62 + rows_height(names)))
        axes = canvas.subplots()
        axes.set_xlim(limits.low, limits.high)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        for height, row in enumerate(rows):
            _draw_arm(axes, height, row, values[row.arm], limits, metric)
        axes.set_yticks(range(len(rows)), names, fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"{metric.label} (%)" if metric.percent else titled(metric))
        title = f"{metric.label.capitalize()} of every run"
        return draw(canvas, f"{metric.name}_per_run", title, _caption(every, values, limits))


def _limits(values: Mapping[str, Sequence[float]], control: str) -> Limits:
    others = [group for arm, group in values.items() if arm != control]
    return robust_limits(others, values.get(control, ()))


def _draw_arm(
    axes: Axes, height: int, row: ArmRow, values: Sequence[float], limits: Limits, metric: Metric
) -> None:
    colour = CONTROL if row.is_control else ARM
    # Spread the dots by their order, not by chance: drawing owns no randomness.
    dots = [
        (value, height + 0.1 * ((position + 1) % 3 - 1))
        for position, value in enumerate(values)
        if limits.hold([value])
    ]
    if dots:
        places = zip(*dots, strict=True)
        axes.plot(*places, "o", color=colour, alpha=0.5, markersize=4.5, markeredgewidth=0)
    scale = 100 if metric.percent else 1
    if row.score.mean is not None and limits.hold([centre := scale * row.score.mean]):
        axes.vlines(centre, height - 0.3, height + 0.3, color=colour, linewidth=2)
    below = sum(value < limits.low for value in values)
    above = sum(value > limits.high for value in values)
    _mark_the_unseen(axes, height, row, below, above, worse_is_left=metric.better == "higher")


def _mark_the_unseen(
    axes: Axes, height: int, row: ArmRow, below: int, above: int, worse_is_left: bool
) -> None:
    """Mark runs beyond the axis and diverged runs at its edge, and count them beside it."""
    across = axes.get_yaxis_transform()
    colour = CONTROL if row.is_control else ARM
    edge: dict[str, Any] = {"transform": across, "clip_on": False, "markersize": 5}
    notes = []
    if below:
        axes.plot(0.012, height, "<", color=colour, **edge)
        notes.append(f"{below} off to the left")
    if above:
        axes.plot(0.988, height, ">", color=colour, **edge)
        notes.append(f"{above} off to the right")
    if row.diverged.diverged:
        inset = 0.012 + 0.03 * bool(below or above)
        place = inset if worse_is_left else 1 - inset
        axes.plot(place, height, "x", color=TROUBLE, markeredgewidth=1.8, **edge)
        notes.append(f"{row.diverged.diverged}/{row.runs} diverged")
    if notes:
        dark = "#9a3b00" if row.diverged.diverged else "#444444"
        at = (1.015, height)
        text = ", ".join(notes)
        axes.annotate(
            text, at, xycoords=across, va="center", fontsize=8, color=dark, annotation_clip=False
        )


def _caption(rows: Sequence[ArmRow], values: Mapping[str, Sequence[float]], limits: Limits) -> str:
    parts = ["Each dot is one completed run (a seed); the bar is the arm's mean; black is control."]
    if any(row.diverged.diverged for row in rows):
        parts.append("A cross marks diverged runs, which have no value and enter no mean.")
    beyond = [row.arm for row in rows if not limits.hold(values.get(row.arm, ()))]
    if beyond:
        parts.append(
            f"Runs beyond the axis, which is cut so that the others can be read: "
            f"{', '.join(beyond)}."
        )
    absent = [row.arm for row in rows if not row.runs]
    if absent:
        parts.append(f"No run that counts: {', '.join(absent)}.")
    return " ".join(parts)
