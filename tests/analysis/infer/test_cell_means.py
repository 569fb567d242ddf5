from typing import Any

import pytest

from ablations.analysis.infer.cell_means import CellMean, cell_means
from ablations.analysis.infer.factorial import factorial_effects
from ablations.analysis.read.collect import Collected, collect

VALUES = (0.5, 0.6, 0.7, 0.9, 0.8, 0.4)
"""The accuracy of each cell: three activations, each with two batch sizes."""


@pytest.fixture
def repeated(factorial_study: Any) -> Any:
    """A factorial study no seed of which reaches its training: each cell has one value."""
    made = factorial_study(seeds=6)
    for arm, value in zip(made.study.arm_names, VALUES, strict=True):
        for seed in range(6):
            made.add(arm, seed, value)
    return made


def means(collected: Collected) -> tuple[CellMean, ...]:
    (pair,) = cell_means(collected, "test_accuracy")
    return pair.cells


def test_seeds_that_all_repeat_are_one_replicate(repeated: Any) -> None:
    collected = collect(repeated.runs, repeated.study.study)
    assert [cell.mean for cell in means(collected)] == pytest.approx(VALUES)
    assert {(cell.n, cell.interval) for cell in means(collected)} == {(1, None)}
    effects = factorial_effects(collected)
    assert effects is not None
    assert effects.complete_seeds == 1


def test_where_a_seed_reaches_one_cell_each_seed_counts(repeated: Any) -> None:
    for seed in range(6):
        repeated.add("control", seed, (0.4, 0.6)[seed % 2])
    collected = collect(repeated.runs, repeated.study.study)
    control, other, *_ = means(collected)
    assert {cell.n for cell in means(collected)} == {6}
    assert control.mean == pytest.approx(0.5)
    # Three seeds at 0.4 and three at 0.6: s² = 6 · 0.1² / 5; t(0.975, 5) is of any table.
    half = 2.570581836 * (0.06 / 5 / 6) ** 0.5
    assert control.interval is not None
    assert other.interval is not None
    assert control.interval.high == pytest.approx(0.5 + half)
    assert (other.interval.low, other.interval.high) == pytest.approx((0.6, 0.6))
