"""Verdicts: each arm against the control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.examples import OverExamples
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes, number_columns
from ablations.analysis.show.comparisons import (
    arm_cell,
    comparison_notes,
    decimals,
    divergence_test,
    effect_cells,
    effect_columns,
    independent_sentence,
    mean_cell,
    mean_decimals,
    name_of_test,
    settle_notes,
    verdict_cell,
)
from ablations.analysis.show.fairness import fairness_sentence
from ablations.study.metrics import Metric

TITLE = "Verdicts"
WORTH_PAIRING = 0.3
"""The correlation over equal seeds from which pairing finds clearly more."""
THE_REST = (
    "Intervals are those of an arm alone. The report has the other columns (p, the intervals "
    "that hold for all arms at once) and says how to read them."
)


def verdicts(inference: Inference) -> Section:
    """Return the table of verdicts, and how to read it."""
    texts = (*_about_columns(inference), *_about_arms(inference))
    return Section(TITLE, (verdict_table(inference), *notes(texts)))


def verdicts_in_brief(inference: Inference) -> Section:
    """Return a table for a narrow page, which has room for few columns; the notes are of arms."""
    about = (fairness_sentence(inference), *_about_replicates(inference))
    texts = (*about, *_about_arms(inference), THE_REST)
    return Section(TITLE, (_brief_table(inference), *notes(texts)))


def verdict_table(inference: Inference) -> Table:
    """Return the verdicts: one arm a row, the control marked."""
    metric = inference.answering_metric()
    columns = (
        Column("arm"),
        Column("verdict"),
        Column("may be best"),
        *number_columns(f"{metric.label}, mean"),
        *effect_columns(metric),
        *number_columns(*_examples_heading(inference), "beats control", "diverged"),
    )
    digits = mean_decimals(inference)
    rows = tuple(_row(arm, inference, digits.get(arm.arm)) for arm in inference.arms)
    return Table(columns, rows, sortable=True)


def _brief_table(inference: Inference) -> Table:
    metric = inference.answering_metric()
    effect, interval, *_, n = effect_columns(metric)
    mean = number_columns(f"{metric.label}, mean")
    columns = (Column("arm"), Column("verdict"), *mean, effect, interval, n)
    rows, digits = [], mean_decimals(inference)
    for arm in inference.arms:
        effect_cell, interval_cell, *_, n_cell = effect_cells(
            arm.comparison, metric, len(inference.seeds)
        )
        rows.append(
            (
                arm_cell(arm.arm, arm.is_control),
                verdict_cell(arm),
                mean_cell(
                    arm.score,
                    arm.divergence.runs,
                    metric,
                    digits.get(arm.arm),
                    _pairs(arm, inference),
                ),
                effect_cell,
                interval_cell,
                n_cell,
            )
        )
    return Table(columns, tuple(rows))


def _row(arm: ArmSummary, inference: Inference, digits: int | None) -> tuple[Cell, ...]:
    metric = inference.answering_metric()
    beats = arm.comparison.probability_of_improvement if arm.comparison else None
    return (
        arm_cell(arm.arm, arm.is_control),
        verdict_cell(arm),
        _best_cell(arm),
        mean_cell(arm.score, arm.divergence.runs, metric, digits, _pairs(arm, inference)),
        *effect_cells(arm.comparison, metric, len(inference.seeds)),
        *_examples_cells(arm, inference),
        Cell(formats.share(beats), beats),
        Cell(formats.diverged(arm.divergence), arm.divergence.diverged),
    )


def _pairs(arm: ArmSummary, inference: Inference) -> set[int]:
    """Return over how many pairs the effects are that an arm's mean stands beside."""
    beside = inference.arms if arm.is_control else (arm,)
    compared = [one.comparison for one in beside if one.comparison]
    return {one.n for one in compared if one.n and one.n_reference is None}


def _examples_heading(inference: Inference) -> tuple[str, ...]:
    """Return the heading of ``_examples_cells``; nothing where no run keeps what it got right."""
    return ("new examples, too",) if inference.over_examples else ()


def _examples_cells(arm: ArmSummary, inference: Inference) -> tuple[Cell, ...]:
    if inference.over_examples is None:
        return ()
    effects = {effect.arm: effect.both for effect in inference.over_examples.arms}
    both = effects.get(arm.arm)
    metric = inference.answering_metric()
    digits = decimals(arm.comparison, metric) if arm.comparison else None
    text = formats.interval(metric, both, digits) if both else formats.NOTHING
    return (Cell(text, both.low if both else None),)


def _about_columns(inference: Inference) -> Iterator[str]:
    yield fairness_sentence(inference)
    yield from _about_replicates(inference)
    yield _how_to_read(inference, tuple(_comparisons(inference).values()))
    if inference.over_examples:
        yield _how_examples_count(inference.over_examples)


def _about_arms(inference: Inference) -> Iterator[str]:
    metric, comparisons = inference.answering_metric(), _comparisons(inference)
    if inference.runs.diverged:
        yield _how_diverged_runs_count(inference, metric)
    yield from settle_notes(comparisons, metric)
    yield from comparison_notes(comparisons, metric)
    control = inference.control_arm()
    for arm in inference.arms:
        if control and arm.comparison and arm.comparison.unstable:
            of_arm, of_control = map(formats.diverged_share, (arm.divergence, control.divergence))
            p = formats.probability(arm.comparison.p_unstable)
            yield (
                f"Unstable: {arm.arm} diverged in {of_arm}, the control in {of_control} "
                f"({divergence_test(arm.comparison)}, corrected by Holm: p {p})."
            )


def _comparisons(inference: Inference) -> dict[str, Comparison]:
    return {arm.arm: arm.comparison for arm in inference.arms if arm.comparison}


def _best_cell(arm: ArmSummary) -> Cell:
    """Return nothing of an arm without a run that counts."""
    if not arm.divergence.runs:
        return Cell(formats.NOTHING, None)
    return Cell("yes" if arm.may_be_best else "no", float(arm.may_be_best))


def _how_to_read(inference: Inference, comparisons: Sequence[Comparison]) -> str:
    """Return what effect, intervals, p and margin are."""
    paired = inference.replicates == "paired"
    effect = (
        "Effect: the mean of arm minus control over n paired seeds, with Student's"
        if paired
        else "Effect: the arm's mean minus the control's, over n runs of each, with Welch's"
    )
    text = f"{effect} 95% interval of that arm alone, and one that holds for all arms at once"
    if inference.margin > 0:
        text += ', which decides on "by at least the margin"'
    test = name_of_test(comparisons[0]) if comparisons else "two-sided test"
    if inference.looks and inference.looks.declared:
        test = (
            "two-sided sign-flip test, corrected and judged at the look where the arm was compared "
            "last (see Looks)"
        )
    text += (
        f". p: {test}; better and worse go by it, so an arm may be "
        "not settled though its own interval excludes 0"
    )
    if inference.margin > 0:
        size = formats.magnitude(inference.answering_metric(), inference.margin)
        expected = formats.number(LEVEL * len(comparisons), 2)
        text += (
            f". A difference matters from {size} on (the study's margin). Equivalent goes by two "
            "one-sided tests, so the 95% interval may reach beyond the margin; were each arm truly "
            f"that different, up to {expected} of {len(comparisons)} would be expected to pass by "
            "chance"
        )
    else:
        text += ". The study states no margin, so no arm can be shown to be equivalent"
    text += (
        f". Better is {inference.better}. May be best: in 95% of studies the arms marked yes hold "
        "the best one; a no goes by a one-sided test and is no verdict. Beats control: the "
        "estimated chance "
        f"{'on a new seed' if paired else 'that a new run beats a new run of the control'}."
    )
    asymmetric = [arm.arm for arm in inference.arms if arm.asymmetric]
    if asymmetric and inference.correction == "max_t":
        text += (
            " Max-T takes differences to be as likely up as down; skewed, and spread more than "
            f"twice as much as the control: {formats.listed(asymmetric, 6)}. A study that states "
            "correction: holm leans on that less."
        )
    elif asymmetric and not paired:
        text += (
            " A false better or worse is more frequent, about 11% in place of 5% of studies, where "
            "an arm is skewed and spreads more than twice as much as the control: "
            f"{formats.listed(asymmetric, 6)}."
        )
    return text


def _about_replicates(inference: Inference) -> Iterator[str]:
    """Say that runs are independent, and where pairing would use what equal seeds share."""
    if said := independent_sentence(inference):
        yield said
    correlation = inference.seed_correlation
    if correlation is not None and correlation > WORTH_PAIRING:
        how = "import --paired" if inference.imported else "replicates: paired"
        yield (
            f"Over equal seeds the arms' scores correlate by {correlation:.2f}: {how} would use "
            "that, if the seeds are really shared."
        )


def _how_diverged_runs_count(inference: Inference, metric: Metric) -> str:
    score = inference.diverged_score
    if score is None:
        return "No run completed, so a diverged run has no score."
    value = formats.measured(metric, score.value)
    worst = "" if score.stated else ", the worst of any completed run, as the study states none"
    return f"Means are over completed runs; in an effect a diverged run scores {value}{worst}."


def _how_examples_count(found: OverExamples) -> str:
    """Return what the interval over examples covers, by how much it is wider, what it costs."""
    text = (
        "New examples, too: 95% over new seeds and new test examples like the same "
        f"{found.examples:,} that every arm had"
    )
    widths = [arm.widening for arm in found.arms if arm.widening is not None]
    if widths:
        low, middle, high = (f"{width:.2f}" for width in (min(widths), median(widths), max(widths)))
        text += f", {low} to {high} times as wide (median {middle})"
    lost = [arm.arm for arm in found.arms if arm.only_over_seeds]
    if lost:
        text += f"; holds 0 where the first does not: {formats.listed(lost, 6)}"
    return f"{text}."
