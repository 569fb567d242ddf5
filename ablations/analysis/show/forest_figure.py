"""The forest plot: every arm's effect against the control with its interval and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablations.analysis.infer.arms import ArmRow
from ablations.analysis.infer.statistics import Interval
from ablations.analysis.infer.verdicts import Effect, Finding
from ablations.analysis.show.formats import difference_unit, magnitude
from ablations.analysis.show.plot_style import (
    CONTROL,
    VERDICT_LOOKS,
    Drawing,
    Limits,
    draw,
    house_style,
    robust_limits,
    rows_height,
    wrapped,
)
from ablations.analysis.show.sections import verdict_words
from ablations.study.metrics import METRICS, Metric
from ablations.study.schema import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = "#eef1f4"


@dataclass(frozen=True)
class _Line:
    label: str
    finding: Finding
    effect: Effect
    scale: float
    is_copy: bool

    @property
    def span(self) -> tuple[float, float, float]:
        """Low end, mean and high end, in the unit drawn."""
        around = self.effect.interval or Interval(self.effect.mean, self.effect.mean)
        return self.scale * around.low, self.scale * self.effect.mean, self.scale * around.high


def forest_drawing(rows: Sequence[ArmRow], study: Study) -> Drawing | None:
    """Draw the effects, the largest first; None where there is none."""
    from matplotlib.figure import Figure as Canvas

    metric = METRICS[study.metric]
    scale = 100.0 if metric.percent else 1.0
    lines = [
        _Line(row.arm, row.finding, row.finding.effect, scale, row.is_copy)
        for row in rows
        if row.finding and row.finding.effect
    ]
    if not lines:
        return None
    sign = -1 if metric.better == "higher" else 1
    lines.sort(key=lambda line: sign * line.effect.mean)
    margin = scale * study.margin
    limits = robust_limits([line.span for line in lines], (-margin, 0.0, margin))
    absent = [row.arm for row in rows if row.finding and not row.finding.effect]
    with house_style():
        names = [wrapped(line.label, 34, 2) for line in lines]
        canvas = Canvas(figsize=(6.2, 0.75 + rows_height(names)))
        axes = canvas.subplots()
        axes.set_xlim(limits.low, limits.high)
        axes.set_ylim(len(lines) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        if margin:
            axes.axvspan(-margin, margin, color=MARGIN, linewidth=0)
        axes.axvline(0, color=CONTROL, linewidth=1.6, linestyle=(0, (4, 1.5)))
        for height, line in enumerate(lines):
            _draw_line(axes, height, line, limits)
        axes.set_yticks(range(len(lines)), names, fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        unit = difference_unit(metric)
        direction = "right" if metric.better == "higher" else "left"
        in_unit = f" ({unit})" if unit else ""
        axes.set_xlabel(
            f"{metric.label}, arm minus {wrapped(study.control, 30, 1)}{in_unit}; "
            f"better to the {direction}"
        )
        title = f"Effect on {metric.label} against the control"
        caption = _caption(lines, limits, study, metric, absent)
        return draw(canvas, f"{metric.name}_effects", title, caption)


def _draw_line(axes: Axes, height: int, line: _Line, limits: Limits) -> None:
    look = VERDICT_LOOKS[line.finding.verdict]
    low, centre, high = line.span
    shown = max(low, limits.low), min(high, limits.high)
    if shown[0] <= shown[1]:
        axes.hlines(height, *shown, color=look.colour, linewidth=2)
    across = axes.get_yaxis_transform()
    for beyond, place, marker in (
        (low < limits.low, 0.008, "<"),
        (high > limits.high, 0.992, ">"),
    ):
        if beyond:
            axes.plot(
                place, height, marker, color=look.colour, transform=across, markersize=6,
                clip_on=False,
            )  # fmt: skip
    if limits.hold([centre]):
        face = look.colour if look.filled else "white"
        axes.plot(
            centre, height, look.marker, color=look.colour, markerfacecolor=face,
            markeredgecolor="white" if look.filled else look.colour, markersize=8,
        )  # fmt: skip
    checked = line.finding.bootstrap
    if checked:
        ends = (
            max(line.scale * checked.low, limits.low),
            min(line.scale * checked.high, limits.high),
        )
        if ends[0] <= ends[1]:
            axes.hlines(height + 0.22, *ends, color="#444444", linewidth=1, linestyle=(0, (1, 1)))
    axes.annotate(
        wrapped(verdict_words(line.finding, line.is_copy), 34, 2),
        (1.015, height),
        xycoords=across,
        va="center",
        fontsize=8,
        color=look.text,
        annotation_clip=False,
    )


def _caption(
    lines: Sequence[_Line], limits: Limits, study: Study, metric: Metric, absent: Sequence[str]
) -> str:
    parts = ["Mean difference over the paired seeds with Student's 95% interval."]
    parts.append(f"The dashed line is the control, {study.control}")
    if study.margin > 0:
        parts[-1] += f"; the grey band is the margin of ±{magnitude(metric, study.margin)}"
    parts[-1] += "."
    if any(line.finding.bootstrap for line in lines):
        parts.append("A dotted line is the bootstrap's interval where it disagrees.")
    beyond = [line.label for line in lines if not limits.hold(line.span)]
    if beyond:
        parts.append(
            f"Cut at the axis (arrow), so that the others can be read: {', '.join(beyond)}."
        )
    if absent:
        parts.append(f"No seed in common with the control: {', '.join(absent)}.")
    return " ".join(parts)
