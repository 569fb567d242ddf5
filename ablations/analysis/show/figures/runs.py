"""The figure of the study's metric: every seed of every arm as a dot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.limits import Limits, robust_limits
from ablations.analysis.show.figures.style import (
    ARM,
    CONTROL,
    TROUBLE,
    draw,
    house_style,
    rows_height,
    wrapped,
)
from ablations.analysis.show.formats import titled
from ablations.study.metrics import METRICS, Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def every_run(inference: Inference) -> Iterator[Figure]:
    """Draw the study's metric of each run; nothing where no run completed."""
    from matplotlib.figure import Figure as Canvas

    metric = METRICS[inference.metric]
    scale = 100 if metric.percent else 1
    arms = [arm for arm in inference.arms if arm.divergence.runs]
    values = {arm.arm: [scale * value for value in arm.scores.values()] for arm in arms}
    if not any(values.values()):
        return
    limits = _limits(values, inference.control)
    with house_style():
        names = [f"{wrapped(arm.arm, 34, 2)}{' (control)' * arm.is_control}" for arm in arms]
        canvas = Canvas(figsize=(6.6, 0.62 + rows_height(names)))
        axes = canvas.subplots()
        axes.set_xlim(limits.low, limits.high)
        axes.set_ylim(len(arms) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        for height, arm in enumerate(arms):
            _draw_arm(axes, height, arm, values[arm.arm], limits, metric)
        axes.set_yticks(range(len(arms)), names, fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"{metric.label} (%)" if metric.percent else titled(metric))
        title = f"{metric.label.capitalize()} of every run"
        caption = _caption(inference.arms, values, limits)
        yield draw(canvas, f"{metric.name}_per_run", title, caption)


def _limits(values: Mapping[str, Sequence[float]], control: str) -> Limits:
    others = [group for arm, group in values.items() if arm != control]
    return robust_limits(others, values.get(control, ()))


def _draw_arm(
    axes: Axes,
    height: int,
    arm: ArmSummary,
    values: Sequence[float],
    limits: Limits,
    metric: Metric,
) -> None:
    colour = CONTROL if arm.is_control else ARM
    # Spread the dots by their order, not by chance: drawing owns no randomness.
    dots = [
        (value, height + 0.1 * ((position + 1) % 3 - 1))
        for position, value in enumerate(values)
        if limits.hold([value])
    ]
    if dots:
        axes.plot(
            *zip(*dots, strict=True),
            "o",
            color=colour,
            alpha=0.5,
            markersize=4.5,
            markeredgewidth=0,
        )
    scale = 100 if metric.percent else 1
    if arm.score.mean is not None and limits.hold([centre := scale * arm.score.mean]):
        axes.vlines(centre, height - 0.3, height + 0.3, color=colour, linewidth=2)
    below = sum(value < limits.low for value in values)
    above = sum(value > limits.high for value in values)
    _mark_beyond(axes, height, arm, below, above, worse_is_left=metric.better == "higher")


def _mark_beyond(
    axes: Axes, height: int, arm: ArmSummary, below: int, above: int, worse_is_left: bool
) -> None:
    """Mark runs beyond the axis and diverged runs at its edge, and count them beside it."""
    across = axes.get_yaxis_transform()
    colour = CONTROL if arm.is_control else ARM
    at_edge: dict[str, Any] = {"transform": across, "clip_on": False, "markersize": 5}
    notes = []
    if below:
        axes.plot(0.012, height, "<", color=colour, **at_edge)
        notes.append(f"{below} off to the left")
    if above:
        axes.plot(0.988, height, ">", color=colour, **at_edge)
        notes.append(f"{above} off to the right")
    if arm.divergence.diverged:
        inset = 0.012 + 0.03 * bool(below or above)
        edge = inset if worse_is_left else 1 - inset
        axes.plot(edge, height, "x", color=TROUBLE, markeredgewidth=1.8, **at_edge)
        notes.append(f"{arm.divergence.diverged}/{arm.divergence.runs} diverged")
    if notes:
        dark = "#9a3b00" if arm.divergence.diverged else "#444444"
        at = (1.015, height)
        text = ", ".join(notes)
        axes.annotate(
            text, at, xycoords=across, va="center", fontsize=8, color=dark, annotation_clip=False
        )


def _caption(
    arms: Sequence[ArmSummary], values: Mapping[str, Sequence[float]], limits: Limits
) -> str:
    parts = ["Each dot is one completed run (a seed); the bar is the arm's mean; black is control."]
    if any(arm.divergence.diverged for arm in arms):
        parts.append("A cross marks diverged runs, which have no value and enter no mean.")
    beyond = [arm.arm for arm in arms if not limits.hold(values.get(arm.arm, ()))]
    if beyond:
        parts.append(
            f"Runs beyond the axis, which is cut so that the others can be read: "
            f"{', '.join(beyond)}."
        )
    absent = [arm.arm for arm in arms if not arm.divergence.runs]
    if absent:
        parts.append(f"No run that counts: {', '.join(absent)}.")
    return " ".join(parts)
