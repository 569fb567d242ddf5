"""Everything that is worked out of a study before any of it becomes text."""

from __future__ import annotations

from dataclasses import dataclass

from ablations.analysis.infer.arms import ArmRow, arm_rows
from ablations.analysis.infer.comparisons import ClaimFinding, claim_findings
from ablations.analysis.infer.curves import ArmHistories, read_histories
from ablations.analysis.infer.factorial import Factorial, factorial
from ablations.analysis.read.collect import Collected


@dataclass(frozen=True)
class Analysis:
    """What the runs of a study show."""

    collected: Collected
    rows: tuple[ArmRow, ...]
    """Each arm's numbers and its finding against the control."""
    claims: tuple[ClaimFinding, ...]
    effects: Factorial | None
    """Of a full factorial design."""
    histories: tuple[ArmHistories, ...]
    """The epochs of each arm's completed runs."""


def analyse(collected: Collected) -> Analysis:
    """Return what the runs of a study show."""
    return Analysis(
        collected,
        arm_rows(collected),
        claim_findings(collected),
        factorial(collected),
        tuple(read_histories(collected, arm) for arm in collected.study.arm_names),
    )
