"""STATISTICS.md's calibration: how often the machinery errs where nothing differs."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import judge

STUDIES, ARMS, SEEDS = 1_000, 7, 10
DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "heavy-tailed (t, 3 degrees of freedom)": lambda draw, shape: draw.standard_t(3, size=shape),
}


def studies(distribution: str, shift: float = 0.0) -> Iterator[list[PairedDifferences]]:
    """Yield studies of seven arms and a control, whose noise all differences of a seed share."""
    draw = np.random.default_rng(20260101)
    scores = DISTRIBUTIONS[distribution](draw, (STUDIES, ARMS + 1, SEEDS))
    differences = scores[:, 1:] - scores[:, :1] + shift
    for study in differences.tolist():
        yield [PairedDifferences(tuple(arm)) for arm in study]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_null_studies(distribution: str, show: Callable[[str], None]) -> None:
    wrong = covered = 0
    for family in studies(distribution):
        judged = judge(family, "higher", margin=0.0)
        wrong += any(comparison.verdict in ("better", "worse") for comparison in judged)
        intervals = [comparison.interval for comparison in judged]
        covered += sum(i is not None and i.low <= 0 <= i.high for i in intervals)
    false, coverage = wrong / STUDIES, covered / (STUDIES * ARMS)
    show(
        f"calibration, {distribution} differences, {STUDIES:,} null studies of {ARMS} arms and "
        f"{SEEDS} seeds: {false:.1%} hold a false better or worse (at most 6.5%); "
        f"95% intervals cover {coverage:.1%} (93–97%)"
    )
    assert false <= 0.065
    assert 0.93 <= coverage <= 0.97


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_an_effect_as_large_as_the_margin(distribution: str, show: Callable[[str], None]) -> None:
    margin = 1.5
    judged = [judge(family, "higher", margin) for family in studies(distribution, margin)]
    share = np.mean([arm.verdict == "equivalent" for study in judged for arm in study])
    show(
        f"calibration, {distribution} differences: an effect of the margin's size is called "
        f"equivalent in {share:.1%} of comparisons (at most 5.5%)"
    )
    assert share <= 0.055


def test_a_large_effect_is_found() -> None:
    """The false verdicts are few, and not because none is ever given."""
    judged = [judge(family, "higher", 0.0) for family in studies("normal", 4.0)]
    assert np.mean([arm.verdict == "better" for study in judged for arm in study]) > 0.95
