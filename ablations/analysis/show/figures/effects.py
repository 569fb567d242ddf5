"""The forest plot: every arm's effect against the control with its interval and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.verdicts import Verdict
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.comparisons import verdict_words
from ablations.analysis.show.figures.limits import Limits, robust_limits
from ablations.analysis.show.figures.style import (
    CONTROL,
    VERDICT_STYLES,
    draw,
    house_style,
    rows_height,
    wrapped,
)
from ablations.analysis.show.formats import difference_unit, magnitude
from ablations.study.metrics import METRICS, Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = "#eef1f4"
BEST = " ★"


@dataclass(frozen=True)
class _Line:
    """One arm, in the unit drawn."""

    arm: str
    verdict: Verdict
    words: str
    effect: float
    interval: Interval
    """The effect alone where n < 2."""
    may_be_best: bool

    @property
    def ends(self) -> tuple[float, float, float]:
        """Low end, effect and high end."""
        return self.interval.low, self.effect, self.interval.high


def effects(inference: Inference) -> Iterator[Figure]:
    """Draw the effects, the largest first; nothing where there is none."""
    from matplotlib.figure import Figure as Canvas

    metric = METRICS[inference.metric]
    scale = 100.0 if metric.percent else 1.0
    lines = _lines(inference, scale)
    if not lines:
        return
    margin = scale * inference.margin
    limits = robust_limits([line.ends for line in lines], (-margin, 0.0, margin))
    with house_style():
        names = [wrapped(f"{line.arm}{line.may_be_best * BEST}", 34, 2) for line in lines]
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
        axes.set_xlabel(_axis_label(metric, inference.control))
        title = f"Effect on {metric.label} against the control"
        yield draw(canvas, f"{metric.name}_effects", title, _caption(lines, limits, inference))


def _lines(inference: Inference, scale: float) -> list[_Line]:
    lines = []
    for arm in inference.arms:
        comparison = arm.comparison
        if comparison is None or comparison.effect is None:
            continue
        around = comparison.interval or Interval(comparison.effect, comparison.effect)
        lines.append(
            _Line(
                arm.arm,
                comparison.verdict,
                verdict_words(comparison, arm.is_copy),
                scale * comparison.effect,
                around.scaled(scale),
                arm.may_be_best,
            )
        )
    sign = -1 if inference.better == "higher" else 1
    return sorted(lines, key=lambda line: sign * line.effect)


def _axis_label(metric: Metric, control: str) -> str:
    unit = difference_unit(metric)
    in_unit = f" ({unit})" if unit else ""
    direction = "right" if metric.better == "higher" else "left"
    return (
        f"{metric.label}, arm minus {wrapped(control, 30, 1)}{in_unit}; better to the {direction}"
    )


def _draw_line(axes: Axes, height: int, line: _Line, limits: Limits) -> None:
    style = VERDICT_STYLES[line.verdict]
    low, effect, high = line.ends
    shown = max(low, limits.low), min(high, limits.high)
    if shown[0] <= shown[1]:
        axes.hlines(height, *shown, color=style.colour, linewidth=2)
    across = axes.get_yaxis_transform()
    for beyond, edge, marker in (
        (low < limits.low, 0.008, "<"),
        (high > limits.high, 0.992, ">"),
    ):
        if beyond:
            axes.plot(
                edge, height, marker, color=style.colour, transform=across, markersize=6,
                clip_on=False,
            )  # fmt: skip
    if limits.hold([effect]):
        face = style.colour if style.filled else "white"
        axes.plot(
            effect, height, style.marker, color=style.colour, markerfacecolor=face,
            markeredgecolor="white" if style.filled else style.colour, markersize=8,
        )  # fmt: skip
    axes.annotate(
        wrapped(line.words, 34, 2),
        (1.015, height),
        xycoords=across,
        va="center",
        fontsize=8,
        color=style.text,
        annotation_clip=False,
    )


def _caption(lines: Sequence[_Line], limits: Limits, inference: Inference) -> str:
    parts = ["Mean difference over the paired seeds with Student's 95% interval."]
    parts.append(f"The dashed line is the control, {inference.control}")
    if inference.margin > 0:
        size = magnitude(METRICS[inference.metric], inference.margin)
        parts[-1] += f"; the grey band is the margin of ±{size}"
    parts[-1] += "."
    if any(line.may_be_best for line in lines):
        parts.append("★: may be the best arm.")
    beyond = [line.arm for line in lines if not limits.hold(line.ends)]
    if beyond:
        parts.append(
            f"Cut at the axis (arrow), so that the others can be read: {', '.join(beyond)}."
        )
    absent = [arm.arm for arm in inference.arms if arm.comparison and not arm.comparison.n]
    if absent:
        parts.append(f"No seed in common with the control: {', '.join(absent)}.")
    return " ".join(parts)
