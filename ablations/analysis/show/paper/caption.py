"""The caption of a paper's table: what a reader must know to trust its numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.show import formats
from ablations.analysis.show.comparisons import (
    divergence_test,
    name_of_test,
    sample_size,
)
from ablations.analysis.show.paper.columns import AT_LEAST, MEAN
from ablations.analysis.show.paper.numerals import Scale, count, scale_of
from ablations.analysis.show.paper.table import FEWER, best_to_mark, has_fewer, most_runs
from ablations.analysis.show.paper.words import words
from ablations.analysis.show.sections.looks import looks_notice

MOST_NAMES = 8


def caption(inference: Inference, columns: Collection[str]) -> str:
    """Return the caption as LaTeX; it speaks of the ``columns`` that are shown."""
    return " ".join(_sentences(inference, columns))


def _sentences(inference: Inference, columns: Collection[str]) -> Iterator[str]:
    scale = scale_of(inference, inference.metric)
    yield _what(inference, columns, scale)
    compared = [arm.comparison for arm in inference.arms if arm.comparison]
    yield from _effects(inference, columns, scale)
    yield from _tests(inference, columns, compared)
    yield from _margin(inference, columns, scale)
    yield from _best(inference)
    yield from _fewer(inference, scale)
    yield _fairness(inference)


def _what(inference: Inference, columns: Collection[str], scale: Scale) -> str:
    metric = words(scale.metric.label)
    seeds, paired = sample_size(inference), inference.replicates == "paired"
    control = words(inference.control)
    unit = words({"%": "in percent", "": ""}.get(scale.unit, f"in {scale.unit}"))
    part = f" on {words(inference.part.label)}" if inference.part else ""
    measured = f"{metric[0].upper()}{metric[1:]}{part} {unit}".rstrip()
    if MEAN in columns:
        measured += f": mean over {seeds}, standard deviation as a subscript"
        return f"{measured}; the control, {control}, is first."
    return (
        f"{measured}, {seeds}{' of each arm' if paired else ''}; the control, {control}, is first."
    )


def _effects(inference: Inference, columns: Collection[str], scale: Scale) -> Iterator[str]:
    """Say what an effect and its intervals are."""
    paired = inference.replicates == "paired"
    student = "Student's" if paired else "Welch's"
    effect = (
        "mean difference from the control over the same seeds"
        if paired
        else "difference of means from the control, of independent runs"
    )
    of_ends = {
        "interval": f"{student} 95\\% interval (CI) of that arm alone",
        "interval_all": "the one (CI, all) that holds for all arms at once",
    }
    shown = [said for name, said in of_ends.items() if name in columns]
    if "effect" in columns or shown:
        unit = f", in {words(scale.difference_unit)}" if scale.difference_unit else ""
        around = f", with {' and '.join(shown)}" if shown else ""
        yield (f"Effect: {effect}{unit}{around}; better is {scale.metric.better}.")
    if shown and inference.over_examples:
        examples = count(inference.over_examples.examples)
        yield f"Intervals count the seeds, not the draw of the {examples} test examples."


def _tests(
    inference: Inference, columns: Collection[str], compared: list[Comparison]
) -> Iterator[str]:
    """Say which test gives p, and how it is corrected; or that there is none, and why."""
    judged = [one for one in compared if not one.too_few_pairs]
    if compared and not judged:
        most = max(one.n for one in compared)
        paired = compared[0].replicates == "paired"
        runs = formats.plural(most, "paired seed") if paired else sample_size(inference)
        yield (
            f"No arm is judged: with {runs} no difference, however large, can be told from chance "
            f"(it takes at least {compared[0].pairs_needed})."
        )
        return
    if judged and {"p", "p_corrected", "verdict"} & set(columns):
        test = _test(inference, judged[0])
        raw = " (raw: not corrected)" if "p" in columns else ""
        yield f"$p$: {words(test)}{raw}{_least(judged)}."
    if inference.looks and (error := looks_notice(inference.looks)):
        yield words(error)
    if "probability_of_improvement" in columns:
        of = "seeds on" if inference.replicates == "paired" else "pairs of runs in"
        yield f"Wins: share of {of} which the arm beats the control, equal ones counted half."


def _test(inference: Inference, comparison: Comparison) -> str:
    if inference.looks and inference.looks.declared:
        counts = [str(n) for n in inference.looks.declared]
        seeds = formats.listed(counts, len(counts))
        return (
            f"two-sided sign-flip test, at looks of {seeds} seeds that share an error of 5%, "
            "corrected for "
            f"{formats.plural(len(inference.other_arms()), 'comparison')}"
        )
    return name_of_test(comparison)


def _least(judged: Sequence[Comparison]) -> str:
    """Say how small p can be, where that shows in the table: 2^(1 − n), of all flips of n seeds."""
    counts = {one.n for one in judged}
    least = 2.0 ** (1 - min(counts))
    if len(counts) > 1 or judged[0].correction != "max_t" or least < formats.SHOWN_AS_LESS:
        return ""
    return f"; with {formats.plural(min(counts), 'seed')} at least {least:.3f}"


def _margin(inference: Inference, columns: Collection[str], scale: Scale) -> Iterator[str]:
    """Say from what size on a difference matters, and what is marked by that."""
    if inference.margin > 0:
        size = words(formats.magnitude(scale.metric, inference.margin))
        text = f"Differences matter from {size} on (margin)"
        if "verdict" in columns:
            text += (
                f"; {AT_LEAST} by at least that (interval of all arms at once), equivalent: by "
                "less (two one-sided tests at 5\\%)"
            )
        yield f"{text}."


def _best(inference: Inference) -> Iterator[str]:
    """Say what is bold, or that nothing could be."""
    if best_to_mark(inference):
        yield "Bold: may be the best arm (a set that holds the best one in 95\\% of studies)."
    elif any(arm.comparison and not arm.comparison.too_few_pairs for arm in inference.arms):
        yield "No arm is excluded from being the best."


def _fewer(inference: Inference, scale: Scale) -> Iterator[str]:
    """Say which arms lack runs, and what a diverged one scores."""
    fewer = [arm for arm in inference.arms if has_fewer(arm, inference)]
    if not fewer:
        return
    told = []
    for arm in fewer:
        diverged = arm.divergence.diverged
        because = f", {diverged} diverged" if diverged else ""
        told.append(f"{arm.arm} {arm.score.n} of {most_runs(inference)}{because}")
    yield f"{FEWER}{words(f'Completed runs: {formats.listed(told, MOST_NAMES)}')}."
    if inference.runs.diverged and inference.diverged_score:
        value = words(formats.measured(scale.metric, inference.diverged_score.value))
        yield f"Means are over completed runs; in an effect a diverged run scores {value}."
    unstable = [arm.arm for arm in fewer if arm.comparison and arm.comparison.unstable]
    if unstable:
        names = words(formats.listed(unstable, MOST_NAMES))
        test = next(divergence_test(arm.comparison) for arm in fewer if arm.comparison)
        yield f"More runs diverge than of the control ({test}, Holm): {names}."


def _fairness(inference: Inference) -> str:
    """Say whether the arms' settings were searched for."""
    if inference.imported:
        return "How the settings of each arm were chosen is not known here."
    tuning = inference.tuning
    if tuning is None:
        own = inference.fairness.own_rates
        return "Learning rates set by hand, not searched." if own else "No arm was tuned."
    settings = words(formats.listed(list(tuning.settings), MOST_NAMES))
    trials, seeds = count(len(tuning.trials)), count(len(tuning.seeds))
    return (
        f"Tuned for each arm by the same search, {trials} trials on {seeds} other seeds: "
        f"{settings}."
    )
