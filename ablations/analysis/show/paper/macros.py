"""Every number of a study under a key, so that a text cannot go stale: ``numbers.tex``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.claims import ClaimResult
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.infer.whole import Whole
from ablations.analysis.show.comparisons import verdict_words
from ablations.analysis.show.paper.numerals import (
    NOTHING,
    Scale,
    count,
    equation,
    probability,
    scale_of,
    seconds,
    share,
)
from ablations.analysis.show.paper.table import most_runs
from ablations.analysis.show.paper.words import words

Numbers = Iterator[tuple[str, str]]
"""Key → LaTeX."""


def numbers_of(inferences: Iterable[Inference]) -> Mapping[str, str]:
    """Return the numbers of one study, or of all parts of one, by ``study/arm/number``."""
    found: dict[str, str] = {}
    for inference in inferences:
        for name, text in _of_study(inference):
            key = latex_key(f"{inference.study}/{name}")
            while key in found:  # names that differ in nothing else than what a key cannot hold
                key += "-"
            found[key] = text
    return found


def ranks_of(whole: Whole) -> Mapping[str, str]:
    """Return the mean ranks over all parts of a study, by ``study/arm/mean_rank``."""
    arms = whole.ranks.arms if whole.ranks else ()
    return {latex_key(f"{whole.study}/{a.arm}/mean_rank"): f"{a.mean_rank:.2f}" for a in arms}


def latex_key(text: str) -> str:
    """Return a key without what LaTeX reads as anything but itself."""
    return re.sub(r"[^\w.+=/@-]+", "-", text, flags=re.ASCII)


def _of_study(inference: Inference) -> Numbers:
    scale = scale_of(inference, inference.metric)
    yield "control", words(inference.control)
    yield "metric", words(scale.metric.label)
    yield "unit", words(scale.unit)
    yield "effect_unit", words(scale.difference_unit)
    yield "margin", scale.value(inference.margin) if inference.margin > 0 else NOTHING
    yield "n", count(most_runs(inference))
    yield "replicates", inference.replicates
    yield "arms", count(len(inference.arms))
    yield "comparisons", count(len(inference.other_arms()))
    yield "runs", count(inference.runs.counted)
    yield "diverged", count(inference.runs.diverged)
    yield "training_hours", _training_hours(inference)
    if inference.best_by_mean:
        yield "best_by_mean", words(inference.best_by_mean)
    for arm in inference.arms:
        for key, text in _of_arm(arm, inference, scale):
            yield f"{arm.arm}/{key}", text
    yield from _of_claims(inference)
    for contrast in inference.factorial.contrasts if inference.factorial else ():
        name = "+".join(f"{path}={label}" for path, label in contrast.levels.items())
        for key, text in _of_comparison(contrast.comparison, scale):
            yield f"contrasts/{name}/{key}", text


def _training_hours(inference: Inference) -> str:
    """Write the time that all completed runs trained."""
    trained = [arm.metrics["train_seconds"] for arm in inference.arms]
    total = sum(each.n * (each.mean or 0) for each in trained) / 3600
    return f"{total:.1f}" if total else NOTHING


def _of_arm(arm: ArmSummary, inference: Inference, scale: Scale) -> Numbers:
    yield "mean", scale.value(arm.score.mean)
    yield "sd", scale.value(arm.score.standard_deviation)
    yield "completed", count(arm.score.n)
    yield "runs", count(arm.divergence.runs)
    yield "diverged", count(arm.divergence.diverged)
    yield "may_be_best", "yes" if arm.may_be_best else "no"
    yield "parameters", count(arm.parameters)
    yield "updates", count(arm.updates)
    yield "seconds", seconds(arm.train_seconds)
    if arm.comparison:
        yield "verdict", words(verdict_words(arm.comparison, arm.is_copy))
        yield from _of_comparison(arm.comparison, scale)
    if inference.over_examples:
        both = {effect.arm: effect.both for effect in inference.over_examples.arms}.get(arm.arm)
        if both:
            yield "interval_new_examples", scale.interval(both)
    for name, summary in arm.metrics.items():
        if summary.n:
            of_metric = scale_of(inference, name)
            yield f"{name}/mean", of_metric.value(summary.mean)
            yield f"{name}/sd", of_metric.value(summary.standard_deviation)
            yield f"{name}/completed", count(summary.n)


def _of_comparison(comparison: Comparison, scale: Scale) -> Numbers:
    judged = not comparison.too_few_pairs
    p, corrected = (comparison.p, comparison.p_corrected) if judged else (None, None)
    yield "n", count(comparison.n)
    yield "effect", scale.difference(comparison.effect)
    for suffix, interval in (("", comparison.interval), ("_all", comparison.simultaneous)):
        low, high = scale.ends(interval)
        yield f"low{suffix}", low
        yield f"high{suffix}", high
        yield f"interval{suffix}", scale.interval(interval)
    yield "p", probability(p)
    yield "p_corrected", probability(corrected)
    yield "p_equation", equation("p", p)
    yield "p_corrected_equation", equation("p", corrected)
    yield "probability_of_improvement", share(comparison.probability_of_improvement)


def _of_claims(inference: Inference) -> Numbers:
    if not inference.claims:
        return
    yield "claims", count(len(inference.claims))
    outcomes = [claim.outcome for claim in inference.claims]
    for outcome in ("reproduced", "contradicted", "not_settled"):
        yield f"claims/{outcome}", count(outcomes.count(outcome))
    for number, claim in enumerate(inference.claims, start=1):
        for key, text in _of_claim(claim, scale_of(inference, claim.metric)):
            yield f"claims/{number}/{key}", text


def _of_claim(claim: ClaimResult, scale: Scale) -> Numbers:
    yield "outcome", claim.outcome.replace("_", " ")
    yield "better", words(claim.better.arm)
    yield "than", words(claim.than.arm)
    yield from _of_comparison(claim.comparison, scale)
