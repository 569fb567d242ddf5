"""The seeds of a study: those that are asked for, and whether they can give a verdict at all."""

from __future__ import annotations

from collections.abc import Iterator

from ablations.analysis.infer.corrections import can_be_significant, pairs_needed
from ablations.analysis.infer.looks import LookRule
from ablations.errors import AblationsError
from ablations.study.schema import Study


def with_seeds(study: Study, count: int) -> Study:
    """Return the study with the seeds 0 to ``count`` − 1.

    Raises:
        AblationsError: its last look is at another number of seeds.
    """
    if study.looks and study.looks[-1] != count:
        raise AblationsError(
            f"--seeds {count}: {study.study} declares its last look at {study.looks[-1]} seeds; "
            "wants that number, or other looks in the study file"
        )
    return study.model_copy(update={"seeds": tuple(range(count))})


def too_few_seeds(study: Study) -> str:
    """Return why no verdict is possible and what would do; empty where one is, or none is asked."""
    seeds, comparisons = len(study.seeds), len(study.arms) - 1
    if comparisons < 1:
        return ""
    if study.looks:
        return "; ".join(_too_few_for_looks(study, comparisons))
    if can_be_significant(seeds, comparisons, study.correction):
        return ""
    needed = pairs_needed(comparisons, study.correction)
    count = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return f"{count} cannot settle a comparison; {needed} can: --seeds {needed}"


def _too_few_for_looks(study: Study, comparisons: int) -> Iterator[str]:
    """Yield the looks that cannot settle anything, were no arm settled before."""
    for number, n in enumerate(study.looks):
        rule = LookRule(study, number)
        if not can_be_significant(n, comparisons, rule.correction, rule.level):
            needed = pairs_needed(comparisons, rule.correction, rule.level)
            yield f"a look at {n} seeds cannot settle a comparison; one at {needed} can"
