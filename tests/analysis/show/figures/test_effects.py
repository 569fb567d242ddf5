"""The forest plot: what its axis always shows, and what it cuts with a mark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.figures import printed
from ablations.analysis.show.figures.effects import effect_limits, effect_lines, effects
from ablations.analysis.show.figures.runs import every_run
from ablations.analysis.show.figures.style import house_style

TIES = {"base": 0.5, **{f"arm{number}": 0.5 + 0.001 * number for number in range(6)}}
MANY = {
    "base": 0.5,
    **{f"arm_{number:02d}": 0.5 + 0.004 * float(np.sin(number)) for number in range(14)},
}


def inferred(
    synthetic: Any, means: Mapping[str, float], noise: float = 0.004, seeds: int = 10, **more: Any
) -> Inference:
    """Return a study whose arms have these means."""
    made = synthetic(tuple(means), seeds, **more)
    draw = np.random.default_rng(1)
    for arm, mean in means.items():
        for seed in range(seeds):
            value = float(mean + draw.normal(0, noise))
            made.add(arm, seed, metrics={"test_accuracy": value, "test_loss": value})
    return infer(collect(made.runs, "activations"))


def shown(inference: Inference) -> set[str]:
    """Return the arms whose effect and interval lie on the axis."""
    limits = effect_limits(inference)
    assert limits is not None
    assert limits.hold([0.0])  # the control
    return {
        line.arm
        for line in effect_lines(inference)
        if limits.hold([100 * line.interval.low, 100 * line.effect, 100 * line.interval.high])
    }


def test_an_arm_that_is_far_better_is_on_the_axis(synthetic: Any) -> None:
    inference = inferred(synthetic, {**TIES, "winner": 0.85}, margin=0.005)
    assert shown(inference) == set(TIES) - {"base"} | {"winner"}
    (figure,) = effects(inference)
    assert "The axis is cut" not in figure.caption
    (runs,) = every_run(inference)
    assert "The axis is cut" not in runs.caption  # the dots of the winner are there, too


def test_only_a_loser_is_cut_with_an_arrow_and_its_value(synthetic: Any) -> None:
    inference = inferred(synthetic, {**TIES, "loser": 0.1}, margin=0.005)
    assert shown(inference) == set(TIES) - {"base"}
    (figure,) = effects(inference)
    assert "stands for what lies beyond it: loser." in figure.caption
    (line,) = (line for line in effect_lines(inference) if line.arm == "loser")
    assert f"−{abs(100 * line.effect):.2f} (" in figure.svg


@pytest.mark.parametrize("means", [TIES, MANY], ids=["ties", "many arms"])
def test_of_ties_all_are_on_the_axis(synthetic: Any, means: Mapping[str, float]) -> None:
    assert shown(inferred(synthetic, means)) == set(means) - {"base"}


def test_of_many_arms_the_winners_are_shown_and_the_far_losers_cut(synthetic: Any) -> None:
    far = {"winner": 0.52, "lost": 0.1, "worst": 0.01}
    inference = inferred(synthetic, {**MANY, **far})
    assert {"winner", *MANY} - {"base"} <= shown(inference)
    assert not {"lost", "worst"} & shown(inference)


def test_a_thin_interval_that_is_cut_has_a_mark(synthetic: Any) -> None:
    (figure,) = effects(inferred(synthetic, {**TIES, "noisy": 0.49}, seeds=3))
    assert "An arrow alone: a thin interval goes on beyond the axis." in figure.caption


def touching(canvas: Any) -> Iterator[tuple[str, str]]:
    """Yield the tick labels of an x axis that overlap."""
    for axes in canvas.axes:
        ticks = axes.xaxis.get_major_ticks()
        drawn = [
            (tick.label1.get_window_extent(), tick.label1.get_text())
            for tick in ticks
            if tick.label1.get_visible()
            and min(axes.get_xlim()) <= tick.get_loc() <= max(axes.get_xlim())
        ]
        drawn.sort(key=lambda each: each[0].x0)
        for (one, text), (other, beside) in itertools.pairwise(drawn):
            if text and beside and one.x1 >= other.x0:
                yield text, beside


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_tick_labels_do_not_overlap_in_a_column_of_a_paper(synthetic: Any, scale: float) -> None:
    long = {
        f"another_long_arm_name_{number}": scale * (0.5 + 0.001 * number) for number in range(4)
    }
    inference = inferred(synthetic, long, 0.004 * scale, metric="test_loss")
    for figure in (*effects(inference), *every_run(inference)):
        with house_style(printed.TEXT):
            canvas, _ = printed._fitted(figure, 3.3)
            assert list(touching(canvas)) == []
