"""The claims of a study as text: what was said, what was found, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.analysis.infer.comparisons import ClaimFinding
from ablations.analysis.infer.statistics import Summary
from ablations.analysis.infer.verdicts import Rate
from ablations.analysis.show import formats
from ablations.analysis.show.sections import effect_cells, finding_notes, verdict_words
from ablations.analysis.show.text_tables import Cell, Column, Table
from ablations.study.metrics import METRICS
from ablations.study.schema import Study

_LOOKS = {"reproduced": "better", "contradicted": "worse", "not settled": "inconclusive"}


def claims_table(found: Sequence[ClaimFinding], study: Study) -> Table:
    """Return a claim a row, with the figures of its two arms and of their difference."""
    titles = ("claim", "outcome", "on", "said to be better", "than")
    numbers = ("effect", "95% interval", "corrected p", "n")
    columns = (
        *(Column(title) for title in titles),
        *(Column(title, numeric=True) for title in numbers),
        Column("source"),
    )
    return Table(columns, tuple(_row(one, study) for one in found))


def _row(one: ClaimFinding, study: Study) -> tuple[Cell, ...]:
    claim, metric = one.claim, METRICS[one.claim.on]
    effect, *rest = effect_cells(one.finding, metric, len(study.seeds))
    unit = f" {formats.difference_unit(metric)}".rstrip()
    return (
        Cell(claim.text or f"{claim.better} beats {claim.than}"),
        Cell(_outcome(one), look=_LOOKS[one.status]),
        Cell(metric.label),
        Cell(_figures(claim.better, one.better, one.better_diverged, one, study)),
        Cell(_figures(claim.than, one.than, one.than_diverged, one, study)),
        Cell(effect.text + (unit if one.finding.effect else ""), effect.order),
        *rest,
        Cell(claim.source),
    )


def _outcome(one: ClaimFinding) -> str:
    if one.status != "not settled":
        return f"{one.status} {one.finding.size}".strip()
    verdict = one.finding.verdict
    if verdict == "none" and one.than_diverged.exceeds(one.better_diverged):
        diverged = f"{one.than_diverged.diverged}/{one.than_diverged.runs}"
        return f"not settled: too few pairs, as {one.claim.than} diverged in {diverged} runs"
    why = {
        "inconclusive": "",
        "unstable": f": {one.claim.better} diverged more often",
        "equivalent": ": equivalent within the margin",
    }
    return f"not settled{why.get(verdict, f': {verdict_words(one.finding)}')}"


def _figures(arm: str, summary: Summary, rate: Rate, one: ClaimFinding, study: Study) -> str:
    if arm not in study.arm_names:
        return f"{arm}: the study has no such arm"
    if summary.mean is None:
        diverged = f", {rate.diverged}/{rate.runs} diverged" if rate.diverged else ""
        return f"{arm}: no completed run{diverged}"
    metric = METRICS[one.claim.on]
    deviation = summary.standard_deviation
    around = "" if deviation is None else f" ± {formats.spread(metric, deviation)}"
    n = f"n = {summary.n}"
    if rate.diverged:
        n += f" of {rate.runs}, {rate.diverged} diverged"
    return f"{arm}: {formats.measured(metric, summary.mean)}{around} ({n})"


def claims_sentence(found: Sequence[ClaimFinding]) -> str:
    """Return how many claims came out how."""
    counts = [(status, sum(one.status == status for one in found)) for status in _LOOKS]
    outcome = formats.listed([f"{n} {status}" for status, n in counts if n], 3)
    return f"Of {formats.plural(len(found), 'claim')} of the literature: {outcome}."


def claims_notes(found: Sequence[ClaimFinding]) -> tuple[str, ...]:
    """Return how to read the claims."""
    text = (
        "Mean ± standard deviation over completed runs. A claim is reproduced or contradicted "
        "where its paired difference is significant; the claims on one metric are corrected among "
        "themselves (Holm), apart from the verdicts."
    )
    notes = []
    for on in dict.fromkeys(one.claim.on for one in found):
        named = {_pair(one): one.finding for one in found if one.claim.on == on}
        notes += finding_notes(named, METRICS[on])
    return (text, *notes)


def _pair(one: ClaimFinding) -> str:
    return f"{one.claim.better} against {one.claim.than}"
