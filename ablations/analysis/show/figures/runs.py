"""The figure of the study's metric: every seed of every arm as a dot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference, kept_in_sight
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.limits import Limits, robust_limits
from ablations.analysis.show.figures.rows import Row, beside_centre, point_beyond, row_axes
from ablations.analysis.show.figures.style import ARM, CONTROL, Layout, draw
from ablations.analysis.show.formats import diverged, measured, titled
from ablations.study.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

DIVERGED_NOTE = "#9a3b00"


@dataclass(frozen=True)
class _Plot:
    """What is drawn; the axis is in percent where the metric is."""

    arms: Sequence[ArmSummary]
    values: Mapping[str, Sequence[float]]
    """Arm → the metric of each completed run, in the metric's own unit."""
    limits: Limits
    metric: Metric

    @property
    def scale(self) -> float:
        """From the metric's own unit to the axis."""
        return 100.0 if self.metric.percent else 1.0

    def beyond(self, arm: str) -> tuple[list[float], list[float]]:
        """Return the values below and above the axis."""
        values = [(self.scale * value, value) for value in self.values[arm]]
        below = [value for drawn, value in values if drawn < self.limits.low]
        return below, [value for drawn, value in values if drawn > self.limits.high]


def every_run(inference: Inference) -> Iterator[Figure]:
    """Draw the study's metric of each run; nothing where no run completed."""
    metric = inference.answering_metric()
    arms = [arm for arm in inference.arms if arm.divergence.runs]
    values = {arm.arm: list(arm.scores.values()) for arm in arms}
    if not any(values.values()):
        return
    plot = _Plot(arms, values, _limits(values, inference), metric)

    title = f"{metric.label.capitalize()} of every run"
    yield draw(
        f"{metric.name}_per_run", title, _caption(plot, inference.arms), partial(_paint, plot=plot)
    )


def _limits(values: Mapping[str, Sequence[float]], inference: Inference) -> Limits:
    control = inference.control
    scale = 100.0 if inference.answering_metric().percent else 1.0
    drawn = {arm: [scale * value for value in group] for arm, group in values.items()}
    kept = [value for arm in kept_in_sight(inference) for value in drawn.get(arm, ())]
    return robust_limits(
        [group for arm, group in drawn.items() if arm != control], drawn.get(control, ()), kept
    )


def _paint(canvas: Canvas, layout: Layout, plot: _Plot) -> None:
    rows = [_row(arm, layout) for arm in plot.arms]
    axes, centres = row_axes(canvas, layout, rows, plot.limits)
    for height, arm in zip(centres, plot.arms, strict=True):
        _draw_arm(axes, height, arm, plot, layout.text / 2)
    metric = plot.metric
    axes.set_xlabel(f"{metric.label} (%)" if metric.percent else titled(metric))


def _row(arm: ArmSummary, layout: Layout) -> Row:
    name = f"{arm.arm}{' (control)' * arm.is_control}"
    if not arm.divergence.diverged:
        return Row(name)
    note = diverged(arm.divergence)
    note = note.removesuffix(" diverged") if layout.printed else note
    return Row(name, f"✕ {note}", DIVERGED_NOTE)


def _draw_arm(axes: Axes, height: float, arm: ArmSummary, plot: _Plot, size: float) -> None:
    colour = CONTROL if arm.is_control else ARM
    dots = [
        (plot.scale * value, beside_centre(height, position))
        for position, value in enumerate(plot.values[arm.arm])
        if plot.limits.hold([plot.scale * value])
    ]
    if dots:
        axes.plot(
            *zip(*dots, strict=True), "o", color=colour, alpha=0.5, markersize=size,
            markeredgewidth=0,
        )  # fmt: skip
    if arm.score.mean is not None and plot.limits.hold([centre := plot.scale * arm.score.mean]):
        axes.vlines(centre, height - 0.09, height + 0.09, color=colour, linewidth=2)
    below, above = plot.beyond(arm.arm)
    completed = len(plot.values[arm.arm])
    if below:
        text = _counted(below, completed, plot.metric)
        point_beyond(axes, height, "left", text, colour, raised=bool(dots))
    if above:
        text = _counted(above, completed, plot.metric)
        point_beyond(axes, height, "right", text, colour, raised=bool(dots))


def _counted(values: Sequence[float], completed: int, metric: Metric) -> str:
    """Return ``10.28% to 11.94%``, and how many runs these are where others are on the axis."""
    ends = dict.fromkeys(measured(metric, end) for end in (min(values), max(values)))
    count = f"{len(values)} of {completed}: " if len(values) < completed else ""
    return f"{count}{' to '.join(ends)}"


def _caption(plot: _Plot, arms: Sequence[ArmSummary]) -> str:
    parts = ["Each dot is one completed run (a seed); the bar is the arm's mean."]
    if any(arm.divergence.diverged for arm in arms):
        parts.append(
            "Diverged runs have no dot and enter no mean; they are counted beside their arm."
        )
    beyond = [arm.arm for arm in plot.arms if any(plot.beyond(arm.arm))]
    if beyond:
        parts.append(
            "The axis is cut so that the others can be read; an arrow with numbers stands for the "
            f"runs beyond it: {', '.join(beyond)}."
        )
    absent = [arm.arm for arm in arms if not arm.divergence.runs]
    if absent:
        parts.append(f"No run that counts: {', '.join(absent)}.")
    return " ".join(parts)
