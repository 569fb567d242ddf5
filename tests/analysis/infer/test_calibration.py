"""STATISTICS.md's calibration, as a black box: tables of results in, verdicts out.

A table is (arms + 1, seeds), the control first; a run that diverged is NaN there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.max_t import max_t_of
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import Comparison, judge

Table = np.ndarray[Any, np.dtype[np.float64]]
Noise = Callable[[np.random.Generator, tuple[int, ...]], Table]
SEEDS, STUDIES, CHANCE = 10, 960, 0.1
CORRELATIONS = (0.0, 0.3, 0.6, 0.9)
GRIDS = (None, 360, 10_000)


def collapsing(draw: np.random.Generator, shape: tuple[int, ...]) -> Table:
    """One run in ten learns next to nothing."""
    return draw.normal(size=shape) - 40 * (draw.random(shape) < 0.1)


SYMMETRIC: dict[str, Noise] = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "heavy-tailed (t, 3 degrees of freedom)": lambda draw, shape: draw.standard_t(3, size=shape),
}


def unequal(draw: np.random.Generator, shape: tuple[int, ...]) -> Table:
    """Arms of 0.3 to 3 times the control's spread, where the page warns and Holm is stricter."""
    spreads = np.concatenate([[1.0], np.geomspace(0.3, 3, shape[0] - 1)])
    return spreads[:, None] * (1 - draw.exponential(size=shape))


OTHER: dict[str, Noise] = {
    "skewed (exponential)": lambda draw, shape: -draw.exponential(size=shape),
    "skewed, of unequal spread": unequal,
    "collapsing": collapsing,
}


SYMMETRY_FAILS = "unequal"


def verdicts(table: Table, margin: float = 0.0) -> tuple[Comparison, ...]:
    """Judge the arms of a table of accuracies as a report does."""
    diverged, scored = np.isnan(table), np.where(np.isnan(table), CHANCE, table)
    seeds = [frozenset(np.flatnonzero(row).tolist()) for row in diverged]
    family = [
        PairedDifferences(dict(enumerate(differences)), of_arm, seeds[0])
        for differences, of_arm in zip((scored[1:] - scored[0]).tolist(), seeds[1:], strict=True)
    ]
    return judge(family, "higher", margin)


def null_studies(noise: Noise, arms: int) -> Iterator[Table]:
    """Yield tables of equal arms: 90% with a spread of a point, on each grid and correlation."""
    draw = np.random.default_rng(20260101)
    settings = list(itertools.product(CORRELATIONS, GRIDS))
    for correlation, grid in itertools.islice(itertools.cycle(settings), STUDIES):
        own, shared = noise(draw, (arms + 1, SEEDS)), noise(draw, (1, SEEDS))
        table = 0.9 + 0.01 * (np.sqrt(1 - correlation) * own + np.sqrt(correlation) * shared)
        yield table if grid is None else np.round(table * grid) / grid


def has_false_verdict(judged: tuple[Comparison, ...]) -> bool:
    return any(comparison.verdict in ("better", "worse") for comparison in judged)


@pytest.mark.parametrize("arms", [7, 17])
@pytest.mark.parametrize("noise", SYMMETRIC)
def test_null_studies(noise: str, arms: int, show: Callable[[str], None]) -> None:
    judged = [verdicts(table) for table in null_studies(SYMMETRIC[noise], arms)]
    false = np.mean([has_false_verdict(study) for study in judged])
    held = np.array([[one.interval.low <= 0 <= one.interval.high for one in study if one.interval]
                     for study in judged])  # fmt: skip
    at_once = np.mean(
        [all(i.low <= 0 <= i.high for one in study if (i := one.simultaneous)) for study in judged]
    )
    show(
        f"calibration, {noise} noise, {STUDIES} null studies of {arms} arms and {SEEDS} seeds: "
        f"{false:.1%} hold a false better or worse (at most 6.5%); 95% intervals cover "
        f"{held.mean():.1%} (93–97%), those for all arms at once {at_once:.1%} (at least 94%)"
    )
    assert false <= 0.065
    assert 0.93 <= held.mean() <= 0.97
    assert at_once >= 0.94


@pytest.mark.parametrize("arms", [7, 17])
@pytest.mark.parametrize("noise", OTHER)
def test_null_studies_that_are_not_symmetric(
    noise: str, arms: int, show: Callable[[str], None]
) -> None:
    judged = [verdicts(table) for table in null_studies(OTHER[noise], arms)]
    false = np.mean([has_false_verdict(study) for study in judged])
    show(f"calibration, {noise} noise, {arms} arms: {false:.1%} hold a false better or worse")
    assert false <= (0.25 if SYMMETRY_FAILS in noise else 0.065)


@pytest.mark.parametrize(("size", "expected"), [(1.0, 0.31), (1.5, 0.77), (2.0, 0.96)])
def test_power(size: float, expected: float, show: Callable[[str], None]) -> None:
    """One arm of 17 is better by so many standard deviations of the paired differences."""
    draw, studies = np.random.default_rng(7), 3_000
    spread = 0.5 * np.sqrt(1.4)
    runs = np.sqrt(0.7) * draw.normal(size=(studies, 18, SEEDS))
    runs = 0.5 * (runs + np.sqrt(0.3) * draw.normal(size=(studies, 1, SEEDS)))
    differences = runs[:, 1:] - runs[:, :1]
    differences[:, 0] += size * spread
    found = np.mean(
        [max_t_of(study).p_corrected[0] <= 0.05 and study[0].mean() > 0 for study in differences]
    )
    show(f"power of max-T, 17 arms, {SEEDS} seeds, {size} sd: {found:.2f} (table: {expected})")
    assert found == pytest.approx(expected, abs=0.03)


def test_an_effect_as_large_as_the_margin(show: Callable[[str], None]) -> None:
    margin = 0.015
    shift = np.array([[0.0], *7 * [[margin]]])
    tables = itertools.islice(null_studies(SYMMETRIC["normal"], 7), 300)
    judged = [verdicts(table + shift, margin) for table in tables]
    share = np.mean([arm.verdict == "equivalent" for study in judged for arm in study])
    show(f"calibration: an effect of the margin's size is equivalent in {share:.1%} (at most 5.5%)")
    assert share <= 0.055


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_equal_rates_of_divergence_are_flagged_in_few_studies(
    rate: float, show: Callable[[str], None]
) -> None:
    draw, flagged, studies = np.random.default_rng(3), 0, 300
    for _ in range(studies):
        table = 0.9 + 0.01 * draw.normal(size=(8, SEEDS))
        table[draw.random(table.shape) < rate] = np.nan
        flagged += any(one.unstable for one in verdicts(table))
    share = flagged / studies
    show(f"equal rates of divergence of {rate:.0%}: {share:.1%} of studies flag an arm (5%)")
    assert share <= 0.05


def test_an_arm_that_always_diverges_is_flagged() -> None:
    table = 0.9 + 0.01 * np.random.default_rng(0).normal(size=(3, SEEDS))
    table[1] = np.nan
    first, second = verdicts(table)
    assert (first.verdict, first.unstable, second.unstable) == ("worse", True, False)


@pytest.mark.parametrize("all_diverge", [True, False], ids=["all alike", "the control alone"])
def test_a_control_that_diverges_makes_no_arm_worse(
    all_diverge: bool, show: Callable[[str], None]
) -> None:
    """The runs that vanish are the bad ones: a mean over survivors would flatter the control."""
    draw, worse, studies = np.random.default_rng(5), 0, 300
    for _ in range(studies):
        table = 0.9 + 0.01 * draw.normal(size=(8, SEEDS))
        bad = table < 0.9 - 0.01 * 0.2533  # the lowest 40% of a normal distribution
        bad[1:] &= all_diverge
        table[bad] = np.nan
        worse += any(one.verdict == "worse" for one in verdicts(table))
    share, whose = worse / studies, "all arms diverge" if all_diverge else "the control diverges"
    show(f"{whose} at 40%, no true difference: a false worse in {share:.1%} of studies (5%)")
    assert share <= 0.05
