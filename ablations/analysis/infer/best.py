"""Which arm is best: by its mean alone, and which arms may be, by a test."""

from __future__ import annotations

from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.replicates import best_p_values
from ablations.analysis.infer.scores import scores
from ablations.analysis.infer.summary import summarize
from ablations.analysis.read.collect import Collected


def best_by_mean(collected: Collected) -> str | None:
    """Return the arm with the best mean score, the first of equals; None without any.

    An arm of which no run completed has none.
    """
    study = collected.study
    sign = 1 if study.answering_metric.better == "higher" else -1
    means = {}
    for arm in study.arm_names:
        mean = summarize(list(scores(collected, arm, study.metric).values())).mean
        if mean is not None and collected.values(arm, study.metric):
            means[arm] = sign * mean
    return max(means, key=means.__getitem__, default=None)


def may_be_best(collected: Collected) -> frozenset[str]:
    """Return the arms that may be the best: in 95% of studies the true best is among them.

    An arm without a score is not: nothing speaks for it.
    """
    study = collected.study
    known = {arm: scores(collected, arm, study.metric) for arm in study.arm_names}
    known = {arm: of_arm for arm, of_arm in known.items() if of_arm}
    p_values = best_p_values(list(known.values()), study.answering_metric.better, study.replicates)
    return frozenset(arm for arm, p in zip(known, p_values, strict=True) if p > LEVEL)
