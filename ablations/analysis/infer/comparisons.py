"""From collected runs to families of comparisons and their findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ablations.analysis.infer.statistics import Summary, paired_differences, summarize
from ablations.analysis.infer.verdicts import Comparison, Finding, Rate, findings
from ablations.analysis.read.collect import Collected
from ablations.study.metrics import METRICS
from ablations.study.schema import Claim

ClaimStatus = Literal["reproduced", "contradicted", "not settled"]


def compare(collected: Collected, arm: str, control: str, metric: str) -> Comparison:
    """Return the paired differences arm − control of ``metric``."""
    pairs = paired_differences(collected.values(arm, metric), collected.values(control, metric))
    return Comparison(tuple(pairs.values()), rate(collected, arm), rate(collected, control))


def rate(collected: Collected, arm: str) -> Rate:
    """Return how many runs of ``arm`` that count diverged."""
    runs = collected.of_arm(arm)
    return Rate(sum(run.result.status == "diverged" for run in runs), len(runs))


def arm_findings(collected: Collected) -> dict[str, Finding]:
    """Return arm → finding against the control, on the study's metric.

    The family is every arm of the study but the control.
    """
    study = collected.study
    arms = [arm for arm in study.arm_names if arm != study.control]
    family = [compare(collected, arm, study.control, study.metric) for arm in arms]
    found = findings(family, METRICS[study.metric].better, study.margin)
    return dict(zip(arms, found, strict=True))


@dataclass(frozen=True)
class ClaimFinding:
    """One claim of the study, the figures of its two arms, and whether it holds."""

    claim: Claim
    better: Summary
    better_diverged: Rate
    than: Summary
    than_diverged: Rate
    finding: Finding
    """Of the arm that is said to be better, against the other."""

    @property
    def status(self) -> ClaimStatus:
        """Return ``reproduced`` or ``contradicted`` where the difference is significant."""
        settled: dict[str, ClaimStatus] = {"better": "reproduced", "worse": "contradicted"}
        return settled.get(self.finding.verdict, "not settled")


def claim_findings(collected: Collected) -> tuple[ClaimFinding, ...]:
    """Return a finding for each claim, in the study's order.

    The claims on one metric are a family: stated in advance, and corrected among themselves.  The
    study's margin is one of its metric, and applies to claims on that metric alone.
    """
    study = collected.study
    by_claim: dict[int, Finding] = {}
    for metric in dict.fromkeys(claim.on for claim in study.claims):
        numbers = [number for number, claim in enumerate(study.claims) if claim.on == metric]
        stated = [study.claims[number] for number in numbers]
        family = [compare(collected, claim.better, claim.than, metric) for claim in stated]
        margin = study.margin if metric == study.metric else 0.0
        found = findings(family, METRICS[metric].better, margin)
        by_claim.update(zip(numbers, found, strict=True))
    return tuple(
        ClaimFinding(
            claim,
            *_figures(collected, claim.better, claim.on),
            *_figures(collected, claim.than, claim.on),
            by_claim[number],
        )
        for number, claim in enumerate(study.claims)
    )


def _figures(collected: Collected, arm: str, metric: str) -> tuple[Summary, Rate]:
    return summarize(list(collected.values(arm, metric).values())), rate(collected, arm)
