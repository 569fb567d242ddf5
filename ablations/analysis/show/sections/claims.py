"""Claims: what was claimed, what was measured, and whether the claim holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from ablations.analysis.infer.claims import ClaimedArm, ClaimResult, Outcome
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import (
    Cell,
    Column,
    Paragraph,
    Section,
    Table,
    notes,
    number_columns,
)
from ablations.analysis.show.comparisons import (
    SIZES,
    comparison_notes,
    decimals,
    effect_cells,
    verdict_words,
)
from ablations.study.metrics import Metric

OUTCOME_STYLES: dict[Outcome, str] = {
    "reproduced": "better",
    "contradicted": "worse",
    "not_settled": "inconclusive",
}
PUBLISHED = re.compile(r"\b(1[89]|20)\d\d[a-z]?\b|\barxiv\b|\bdoi\b|https?://", re.IGNORECASE)
OF_OUR_OWN = re.compile(r"\W*(notes?|our|own|my|internal)\b", re.IGNORECASE)
_HOW_TO_READ = (
    "Mean ± standard deviation over completed runs. A claim is reproduced or contradicted "
    "where its paired difference is significant; the claims on one metric are a family of their "
    "own, apart from the verdicts."
)


def claims(inference: Inference) -> Section | None:
    """Return a claim a row, with the figures of its two arms and of their difference."""
    if not inference.claims:
        return None
    columns = (
        *(Column(title) for title in ("claim", "outcome", "on", "said to be better", "than")),
        *number_columns("effect", "95% interval", "all at once", "corrected p", "n"),
        Column("source"),
    )
    rows = tuple(_row(claim, inference) for claim in inference.claims)
    remarks = tuple(
        Paragraph(f"{claim.text}, on {inference.metric_named(claim.metric).label}: {claim.remark}")
        for claim in inference.claims
        if claim.remark
    )
    how_to_read = notes(tuple(_notes(inference)))
    return Section("Claims", (Table(columns, rows), *remarks, *how_to_read))


class ClaimLine(BaseModel):
    """What the overview of all reports says of a claim."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    page: str
    """The name of the study, or of the part of one, whose page holds it."""
    claim: str
    outcome: Outcome
    words: str
    """The outcome in words."""
    on: str
    """The metric's label; behind it the part of the study, where it has several."""
    effect: str
    source: str
    remark: str = ""


def claim_lines(inference: Inference) -> Iterator[ClaimLine]:
    """Yield what the overview says of each claim."""
    part = f" ({inference.part.label})" if inference.part else ""
    for claim in inference.claims:
        metric, comparison = inference.metric_named(claim.metric), claim.comparison
        effect = formats.difference(metric, comparison.effect, decimals(comparison, metric))
        if comparison.interval:
            effect += f" ({formats.interval(metric, comparison.interval)})"
        yield ClaimLine(
            page=inference.study,
            claim=claim.text,
            outcome=claim.outcome,
            words=_outcome(claim),
            on=formats.in_unit(metric.label, formats.difference_unit(metric)) + part,
            effect=effect,
            source=claim.source,
            remark=claim.remark,
        )


def claims_sentence(inference: Inference) -> str:
    """Return how many claims came out how, those of the literature apart from the others."""
    groups: dict[str, list[ClaimResult]] = {}
    for claim in sorted(inference.claims, key=lambda claim: not of_literature(claim.source)):
        origin = "the literature" if of_literature(claim.source) else "notes or our own"
        groups.setdefault(origin, []).append(claim)
    said = (
        f"of {formats.plural(len(claims), 'claim')} of {origin}: "
        f"{counted(Counter(claim.outcome for claim in claims))}"
        for origin, claims in groups.items()
    )
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def of_literature(source: str) -> bool:
    """Return whether a source names a publication: its year, or where it can be found.

    Of several, separated by semicolons, one is enough; notes have no publication's year.
    """
    return any(PUBLISHED.search(part) and not OF_OUR_OWN.match(part) for part in source.split(";"))


def counted(outcomes: Counter[Outcome]) -> str:
    """Return how many claims came out how, in words."""
    found = [outcome for outcome in OUTCOME_STYLES if outcomes[outcome]]
    return formats.listed([f"{outcomes[each]} {each.replace('_', ' ')}" for each in found], 3)


def _row(claim: ClaimResult, inference: Inference) -> tuple[Cell, ...]:
    metric = inference.metric_named(claim.metric)
    effect, *rest = effect_cells(claim.comparison, metric, len(inference.seeds))
    unit = f" {formats.difference_unit(metric)}".rstrip() if claim.comparison.n else ""
    digits = decimals(claim.comparison, metric)
    return (
        Cell(claim.text),
        Cell(_outcome(claim), style=OUTCOME_STYLES[claim.outcome]),
        Cell(metric.label),
        *(Cell(_figures(arm, metric, digits)) for arm in (claim.better, claim.than)),
        Cell(effect.text + unit, effect.order),
        *rest,
        Cell(claim.source),
    )


def _outcome(claim: ClaimResult) -> str:
    if claim.outcome != "not_settled":
        return f"{claim.outcome}{SIZES[claim.comparison.size]}"
    why = {"inconclusive": "", "equivalent": ": equivalent within the margin"}
    words = why.get(claim.comparison.verdict, f": {verdict_words(claim.comparison)}")
    return f"not settled{words}"


def _figures(claimed: ClaimedArm, metric: Metric, digits: int | None) -> str:
    arm, summary, divergence = claimed.arm, claimed.summary, claimed.divergence
    if not claimed.known:
        return f"{arm}: the study has no such arm"
    if summary.mean is None:
        diverged = f", {formats.diverged(divergence)}" if divergence.diverged else ""
        return f"{arm}: no completed run{diverged}"
    deviation = summary.standard_deviation
    around = "" if deviation is None else f" ± {formats.spread(metric, deviation)}"
    n = f"n = {summary.n}"
    if divergence.diverged:
        n += f" of {divergence.runs}, {divergence.diverged} diverged"
    return f"{arm}: {formats.measured(metric, summary.mean, digits)}{around} ({n})"


def _notes(inference: Inference) -> Iterator[str]:
    yield _HOW_TO_READ
    for metric in dict.fromkeys(claim.metric for claim in inference.claims):
        named = {
            f"{claim.better.arm} against {claim.than.arm}": claim.comparison
            for claim in inference.claims
            if claim.metric == metric
        }
        yield from comparison_notes(named, inference.metric_named(metric))
