"""STATISTICS.md's table of independent replicates, by the code's own functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer import permutations
from ablations.analysis.infer.independent import IndependentRuns
from ablations.analysis.infer.verdicts import Comparison, judge

ARMS, EFFECT = 7, 1.5
EQUAL, UNEQUAL = np.ones(ARMS), np.array([0.3, 1, 3, 0.3, 1, 3, 1])
Noise = Callable[[np.random.Generator, int], Any]
NOISE: dict[str, Noise] = {
    "normal": lambda draw, n: draw.normal(size=n),
    "t, 3 degrees of freedom": lambda draw, n: draw.standard_t(3, size=n) / np.sqrt(3),
    "skewed": lambda draw, n: draw.exponential(size=n) - 1,
}
# Runs of the control and of an arm, noise, spreads; error and power in the table.
CELLS = [
    (10, 10, "normal", EQUAL, 0.037, 0.57),
    (10, 10, "normal", UNEQUAL, 0.040, 0.62),
    (5, 15, "normal", UNEQUAL, 0.063, 0.40),
    (15, 5, "normal", UNEQUAL, 0.077, 0.35),
    (20, 20, "t, 3 degrees of freedom", EQUAL, 0.040, 0.95),
    (10, 10, "skewed", UNEQUAL, 0.110, 0.75),
]


@pytest.fixture
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    permutations._drawn_splits.cache_clear()
    monkeypatch.setattr(permutations, "DRAWS", 9_999)
    yield
    permutations._drawn_splits.cache_clear()


def judged(control: Any, arms: Any) -> tuple[Comparison, ...]:
    reference = dict(enumerate(control.tolist()))
    family = [IndependentRuns(dict(enumerate(arm.tolist())), reference) for arm in arms]
    return judge(family, "higher", 0.0, "holm")


def measure(cell: Any, studies: int) -> tuple[float, float, float, float]:
    """Return error, power of the last arm, and how often each interval and all of them hold 0."""
    of_control, of_arm, noise, spreads, *_ = cell
    draw = np.random.default_rng(11)
    false, found, one, every = [], [], [], []
    for _ in range(studies):
        control = NOISE[noise](draw, of_control)
        arms = [spread * NOISE[noise](draw, of_arm) for spread in spreads]
        null = judged(control, arms)
        false.append(any(each.verdict in ("better", "worse") for each in null))
        one += [i.low <= 0 <= i.high for each in null if (i := each.interval)]
        every.append(all(i.low <= 0 <= i.high for each in null if (i := each.simultaneous)))
        found.append(judged(control, [*arms[:-1], arms[-1] + EFFECT])[-1].verdict == "better")
    return tuple(float(np.mean(each)) for each in (false, found, one, every))  # type: ignore[return-value]


def check(cell: Any, studies: int, show: Callable[[str], None]) -> None:
    of_control, of_arm, noise, spreads, error, power = cell
    false, found, one, every = measure(cell, studies)
    equal = "equal spread" if spreads is EQUAL else "spread .3 to 3"
    show(
        f"independent, {of_control} runs of the control and {of_arm} of {ARMS} arms, {noise}, "
        f"{equal}, {studies} studies: error {false:.3f} (table {error}), power at {EFFECT} sd "
        f"{found:.2f} ({power}); intervals cover {one:.1%}, all at once {every:.1%}"
    )
    assert false <= error + 4 * np.sqrt(error * (1 - error) / studies)
    assert found == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / studies) + 0.02)
    if noise != "skewed" and studies > 100:
        assert one >= 0.92


@pytest.mark.parametrize("cell", CELLS[2:4], ids=["5, 15", "15, 5"])
def test_a_few_studies_of_the_table(cell: Any, show: Callable[[str], None]) -> None:
    check(cell, 25, show)


@pytest.mark.slow
@pytest.mark.usefixtures("fewer_draws")
@pytest.mark.parametrize("cell", CELLS, ids=[f"{c[0]}, {c[1]}, {c[2]}, {c[4]}" for c in CELLS])
def test_the_table(cell: Any, show: Callable[[str], None]) -> None:
    check(cell, 300, show)
