"""Which arm is best: today by its mean alone, without a test."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.analysis.infer.arms import ArmSummary
from ablations.study.metrics import METRICS


def best_by_mean(arms: Sequence[ArmSummary], metric: str) -> str | None:
    """Return the arm with the best mean; the first of equals; None where no arm has a mean."""
    sign = 1 if METRICS[metric].better == "higher" else -1
    means = {arm.arm: sign * arm.score.mean for arm in arms if arm.score.mean is not None}
    return max(means, key=means.__getitem__, default=None)
