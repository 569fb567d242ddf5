"""Whether the seeds of a study can give a verdict at all, said before anything trains."""

from __future__ import annotations

from ablations.analysis.infer.corrections import can_be_significant, pairs_needed
from ablations.study.schema import Study


def too_few_seeds(study: Study) -> str:
    """Return why no verdict is possible and what would do; empty where one is, or none is asked."""
    seeds, comparisons = len(study.seeds), len(study.arms) - 1
    if comparisons < 1 or can_be_significant(seeds, comparisons, study.correction):
        return ""
    needed = pairs_needed(comparisons, study.correction)
    count = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return f"{count} cannot settle a comparison; {needed} can: --seeds {needed}"
