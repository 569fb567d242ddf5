"""The claims of a study: the figures of the two arms of each, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ablations.analysis.infer.divergence import Divergence, divergence
from ablations.analysis.infer.replicates import compared
from ablations.analysis.infer.summary import Summary, summarize
from ablations.analysis.infer.verdicts import Comparison, judge
from ablations.analysis.read.collect import Collected
from ablations.study.schema import Claim

Outcome = Literal["reproduced", "contradicted", "not_settled"]


@dataclass(frozen=True)
class ClaimedArm:
    """One of the two arms of a claim, on the claim's metric."""

    arm: str
    known: bool
    """Whether the study has such an arm."""
    summary: Summary
    divergence: Divergence


@dataclass(frozen=True)
class ClaimResult:
    """One claim of the study, the figures of its two arms, and whether it holds."""

    text: str
    """The claim in words."""
    source: str
    remark: str
    """What explains the outcome, in the words of the study's author; may be empty."""
    metric: str
    better: ClaimedArm
    """The arm that is said to do better."""
    than: ClaimedArm
    comparison: Comparison
    """Of the arm that is said to be better, with the other."""

    @property
    def outcome(self) -> Outcome:
        """Return ``reproduced`` or ``contradicted`` where the difference is significant."""
        settled: dict[str, Outcome] = {"better": "reproduced", "worse": "contradicted"}
        return settled.get(self.comparison.verdict, "not_settled")


def claim_results(collected: Collected) -> tuple[ClaimResult, ...]:
    """Return what became of each claim, in the study's order.

    The claims on one metric are a family: stated in advance, and corrected among themselves.  The
    study's margin is one of its metric, and applies to claims on that metric alone.
    """
    study = collected.study
    results: dict[int, ClaimResult] = {}
    for metric in dict.fromkeys(claim.on for claim in study.claims):
        claims = {number: claim for number, claim in enumerate(study.claims) if claim.on == metric}
        family = [
            compared(collected, claim.better, claim.than, metric) for claim in claims.values()
        ]
        margin = study.margin if metric == study.metric else 0.0
        judged = judge(family, study.metric_named(metric).better, margin, study.correction)
        for (number, claim), comparison in zip(claims.items(), judged, strict=True):
            results[number] = _result(collected, claim, comparison)
    return tuple(results[number] for number in range(len(study.claims)))


def _result(collected: Collected, claim: Claim, comparison: Comparison) -> ClaimResult:
    better, than = (_claimed(collected, arm, claim.on) for arm in (claim.better, claim.than))
    text = claim.text or f"{claim.better} beats {claim.than}"
    remark = " ".join(claim.remark.split())
    return ClaimResult(text, claim.source, remark, claim.on, better, than, comparison)


def _claimed(collected: Collected, arm: str, metric: str) -> ClaimedArm:
    summary = summarize(list(collected.values(arm, metric).values()))
    known = arm in collected.study.arm_names
    return ClaimedArm(arm, known, summary, divergence(collected, arm))
