"""Looks as a black box: tables of results in, verdicts and the number of runs out.

A table is (arms + 1, seeds), the control first; an arm that left has no later runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.looks import LookRule
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import judge
from ablations.study.schema import Study
from tests.support.synthetic_runs import make_study

Table = np.ndarray[Any, np.dtype[np.float64]]
LOOKS, STUDIES = (10, 20), 960
NOISE: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Table]] = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "heavy-tailed (t, 3 degrees of freedom)": lambda draw, shape: draw.standard_t(3, size=shape),
}
LARGE = np.array([*np.linspace(3, 6, 6), *np.linspace(-6, -3, 6), *5 * [0.8]])
"""In standard deviations of the paired differences, as all effects here."""
SETTLED = ("better", "worse", "equivalent")


def looked(arms: int, looks: tuple[int, int] = LOOKS) -> Study:
    names = [f"arm{number}" for number in range(arms + 1)]
    study = make_study(("sigmoid",), looks[-1])
    arm = study.arms[0]
    given = [arm.model_copy(update={"name": name}) for name in names]
    changes = {"arms": given, "control": names[0], "looks": looks, "look_weights": (0.6, 0.4)}
    return study.model_copy(update={**changes, "arms": tuple(given)})


def pairs_of(differences: Table) -> PairedDifferences:
    return PairedDifferences(dict(enumerate(differences.tolist())))


def play(study: Study, table: Table) -> tuple[list[str], int]:
    """Return the verdict of each arm, and how many runs it took."""
    left: dict[str, Any] = {}
    verdicts: dict[str, str] = {}
    seeds = {}
    for number, n in enumerate(study.looks):
        rule = LookRule(study, number)
        arms = {name: row for name, row in zip(study.arm_names[1:], table[1:], strict=True)
                if name not in left}  # fmt: skip
        if not arms:
            break
        judged = rule.judge(
            {arm: pairs_of((row - table[0])[:n]) for arm, row in arms.items()}, left
        )
        verdicts |= {arm: comparison.verdict for arm, comparison in judged.items()}
        seeds |= dict.fromkeys([*arms, study.control], n)
        left |= rule.leaving(judged)
    return [verdicts[arm] for arm in study.arm_names[1:]], sum(seeds.values())


def noisy(draw: np.random.Generator, arms: int, kind: str, correlation: float) -> Table:
    own, shared = NOISE[kind](draw, (arms + 1, LOOKS[-1])), NOISE[kind](draw, (1, LOOKS[-1]))
    return np.asarray(np.sqrt(1 - correlation) * own + np.sqrt(correlation) * shared)


@pytest.mark.parametrize("arms", [7, 17])
@pytest.mark.parametrize("kind", NOISE)
def test_null_studies(kind: str, arms: int, show: Callable[[str], None]) -> None:
    draw, study, false = np.random.default_rng(20260102), looked(arms), 0
    for number in range(STUDIES):
        table = 0.9 + 0.01 * noisy(draw, arms, kind, (0.0, 0.3, 0.6, 0.9)[number % 4])
        grid = (None, 360, 10_000)[number % 3]
        table = table if grid is None else np.round(table * grid) / grid
        false += any(verdict != "inconclusive" for verdict in play(study, table)[0])
    share = false / STUDIES
    show(
        f"looks at {LOOKS[0]} and {LOOKS[1]}, {kind} noise, {STUDIES} null studies of {arms} arms: "
        f"{share:.1%} hold a false better or worse (at most 6.5%)"
    )
    assert 0 < share <= 0.065


def test_no_arm_need_leave_as_futile(
    monkeypatch: pytest.MonkeyPatch, show: Callable[[str], None]
) -> None:
    """At 14 seeds, where all flips are few enough for every arm to be tested twice."""
    monkeypatch.setattr("ablations.analysis.infer.looks.FUTILE", 0.0)
    draw, study = np.random.default_rng(20260103), looked(7, (8, 14))
    played = [play(study, noisy(draw, 7, "normal", 0.3)) for _ in range(STUDIES)]
    share = np.mean([any(v != "inconclusive" for v in verdicts) for verdicts, _ in played])
    show(f"looks at 8 and 14 that no arm leaves as futile: {share:.1%} hold a false verdict (6.5%)")
    assert 0.01 <= share <= 0.065


@pytest.mark.parametrize(
    ("name", "effects", "least"),
    [
        ("large effects, 12 arms of 3 sd and more, 5 of .8 sd", LARGE, 0.15),
        ("close effects, 17 arms of -1.2 to 1.2 sd", np.linspace(-1.2, 1.2, 17), 0.0),
    ],
)
def test_runs_saved(name: str, effects: Table, least: float, show: Callable[[str], None]) -> None:
    """Against the design of a fixed number of seeds that settles as many arms."""
    draw, arms = np.random.default_rng(11), len(effects)
    tables = [noisy(draw, arms, "normal", 0.3) for _ in range(60)]
    for table in tables:
        table[1:] += effects[:, None] * np.sqrt(1.4)
    played = [play(looked(arms), table) for table in tables]
    settled = np.mean([sum(v in SETTLED for v in verdicts) for verdicts, _ in played])
    runs = np.mean([count for _, count in played])
    n = next(n for n in range(6, 21) if n == 20 or fixed(tables, n) >= settled)
    saved = 1 - runs / ((arms + 1) * n)
    show(
        f"looks at {LOOKS[0]} and {LOOKS[1]}, {name}: {settled:.1f} settled in {runs:.0f} runs; "
        f"as many take {n} seeds for every arm: {saved:.0%} saved, "
        f"{1 - runs / ((arms + 1) * LOOKS[-1]):.0%} of {LOOKS[-1]} seeds for every arm"
    )
    assert saved >= least


def fixed(tables: list[Table], n: int) -> float:
    """Return how many arms a study of ``n`` seeds settles on average."""
    judged = [
        judge([pairs_of((row - table[0])[:n]) for row in table[1:]], "higher", 0.0)
        for table in tables
    ]
    return float(np.mean([sum(one.verdict in SETTLED for one in study) for study in judged]))
