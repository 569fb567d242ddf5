"""Looks: a study judged more than once, each time at a share of the error, settled arms leaving.

Look k may err w_k·α with Σ w_k = 1.  The first is step-down max-T, as a study without looks.  A
later one tests each arm that has not left by its own sign flips over all its seeds, with Holm over
the arms that were not rejected before: those that left without a rejection count with p = 1, as
they would have had some p ≤ 1.  So each look rejects a true null hypothesis in at most w_k·α of
studies, whatever made arms leave (max-T over those that are left would err more: they were chosen).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.intervals import t_quantile
from ablations.analysis.infer.pairs import PairedDifferences, paired_differences
from ablations.analysis.infer.summary import Summary, summarize
from ablations.analysis.infer.verdicts import Comparison, judge
from ablations.analysis.read.collect import Collected
from ablations.ledger.looks import Look, Reason
from ablations.study.schema import Correction, Study

FUTILE = 0.15
"""An arm leaves where it is less probable than this that the last look settles it."""
NOTHING = PairedDifferences({})


@dataclass(frozen=True)
class LookRule:
    """One of the declared looks of a study, and what it may find."""

    study: Study
    number: int
    """0 for the first."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds by which it judges."""
        return self.study.seeds[: self.study.looks[self.number]]

    @property
    def level(self) -> float:
        """The error that it may have, w_k·α."""
        return self.study.look_weights[self.number] * LEVEL

    @property
    def correction(self) -> Correction:
        """How it corrects for the arms."""
        return "holm" if self.number else self.study.correction

    @property
    def is_last(self) -> bool:
        """Whether no look comes after it."""
        return self.number == len(self.study.looks) - 1

    def judge(
        self, pairs: Mapping[str, PairedDifferences], left: Mapping[str, Reason]
    ) -> dict[str, Comparison]:
        """Return what each arm that has not ``left`` before shows.

        ``pairs`` are of the arms that are compared, over the look's seeds.
        """
        study = self.study
        arms = [arm for arm in study.arm_names if arm != study.control]
        family = [arm for arm in arms if left.get(arm) not in ("better", "worse")]
        judged = judge(
            [NOTHING if arm in left else pairs[arm] for arm in family],
            study.answering_metric.better,
            study.margin,
            self.correction,
            self.level,
            at_once=len(arms),
        )
        return {arm: one for arm, one in zip(family, judged, strict=True) if arm not in left}

    def leaving(self, judged: Mapping[str, Comparison]) -> dict[str, Reason]:
        """Return the arms that leave after being judged, and why."""
        rejected = sum(one.verdict in ("better", "worse") for one in judged.values())
        reasons = {
            arm: self._reason(comparison, comparison.comparisons - rejected)
            for arm, comparison in judged.items()
        }
        return {arm: reason for arm, reason in reasons.items() if reason}

    def _reason(self, comparison: Comparison, tests: int) -> Reason | None:
        verdict = comparison.verdict
        if verdict in ("better", "worse", "equivalent"):
            return verdict
        if self.is_last or self.conditional_power(comparison, tests) >= FUTILE:
            return None
        return "futile"

    def conditional_power(self, comparison: Comparison, tests: int) -> float:
        """Return how probable it is that the last look settles an arm if it goes on as so far.

        With mean d̄ and standard deviation s of n pairs, the mean of the last look's N is normal
        around d̄ with variance s²(1 − n/N)/N, given the n (Lan and Wittes 1988).  It is settled
        beyond c·s/√N, with Holm's first step c = t(1 − w_K·α/2m, N − 1) of m = ``tests`` that no
        look has rejected, or where the test of equivalence is passed.
        """
        seen, study = summarize(comparison.differences), self.study
        if seen.mean is None or not seen.standard_deviation:
            return 1.0  # nothing says that it would not be
        level, most = study.look_weights[-1] * LEVEL, study.looks[-1]
        error = seen.standard_deviation / math.sqrt(most)
        differs = t_quantile(1 - level / (2 * tests), most - 1) * error
        same = study.margin - t_quantile(1 - level, most - 1) * error
        return min(1.0, 1 - _inside(differs, seen, most) + _inside(same, seen, most))


def _inside(bound: float, seen: Summary, most: int) -> float:
    """Return how probable it is that the mean of ``most`` pairs ends within ±bound."""
    from scipy.special import ndtr

    if bound <= 0 or seen.mean is None or seen.standard_deviation is None:
        return 0.0
    spread = seen.standard_deviation * math.sqrt((1 - seen.n / most) / most)
    return float(ndtr((bound - seen.mean) / spread) - ndtr((-bound - seen.mean) / spread))


def judge_look(
    collected: Collected, number: int, left: Mapping[str, Reason]
) -> dict[str, Comparison]:
    """Judge the arms that have not ``left`` by what a look's seeds show, and by no later run."""
    rule, study = LookRule(collected.study, number), collected.study
    runs = tuple(run for run in collected.runs if run.seed in rule.seeds)
    then = replace(collected, runs=runs)
    arms = (arm for arm in study.arm_names if arm != study.control and arm not in left)
    pairs = {arm: paired_differences(then, arm, study.control, study.metric) for arm in arms}
    return rule.judge(pairs, left)


def leaving(collected: Collected) -> dict[str, Reason]:
    """Return the arms that leave at the look that is to be taken now, and why."""
    taken = collected.looks.taken
    judged = judge_look(collected, len(taken), _left_at(taken))
    return LookRule(collected.study, len(taken)).leaving(judged)


def compare_at_looks(collected: Collected) -> dict[str, Comparison]:
    """Return arm → comparison at the last look where it was compared.

    Before the first look was taken, what there is of it is judged at its share of the error.
    """
    taken, judged = collected.looks.taken, dict[str, Comparison]()
    for number in range(max(1, len(taken))):
        judged |= judge_look(collected, number, _left_at(taken[:number]))
    return judged


def _left_at(taken: tuple[Look, ...]) -> dict[str, Reason]:
    return {arm: reason for look in taken for arm, reason in look.left.items()}
