"""How a comparison reads: its cells in a table, its verdict in words, the notes that it needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.summary import Summary
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, number_columns
from ablations.study.metrics import Metric

SORT_ORDER = ("better", "equivalent", "inconclusive", "none", "worse")
"""The verdicts as a click on the column's heading sorts them."""
VERDICT_NAMES = {"inconclusive": "not settled", "none": "no verdict"}
"""What a reader meets; files for programs keep the verdict's own name."""
SIZES = {
    "at_least_the_margin": " by at least the margin",
    "less_than_the_margin": " by less than the margin",
    None: "",
}


def arm_cell(arm: str, is_control: bool) -> Cell:
    """Return the arm's name, the control marked."""
    return Cell(f"{arm} (control)", style="control") if is_control else Cell(arm)


def decimals(comparison: Comparison, metric: Metric) -> int | None:
    """Return the decimals of an effect, its intervals and the mean behind it."""
    return formats.decimals_of(metric, comparison.interval)


def mean_decimals(inference: Inference) -> dict[str, int]:
    """Return arm → decimals of its mean on the study's metric, where an interval decides on them.

    The control's has the most of any arm's, so that every effect can be subtracted.
    """
    metric = inference.answering_metric()
    compared = {arm.arm: arm.comparison for arm in inference.arms if arm.comparison}
    found = {name: decimals(comparison, metric) for name, comparison in compared.items()}
    known = {name: digits for name, digits in found.items() if digits is not None}
    return {**known, inference.control: max(known.values())} if known else {}


def mean_cell(
    summary: Summary,
    runs: int,
    metric: Metric,
    digits: int | None = None,
    pairs: Collection[int] = (),
) -> Cell:
    """Return a mean; one over fewer runs than count never stands alone.

    Nor does one over other runs than an effect beside it, which is over so many ``pairs``.
    """
    text = formats.measured(metric, summary.mean, digits)
    if summary.mean is not None and summary.n < runs:
        text += f" ({summary.n} of {runs})"
    elif summary.mean is not None and any(n != summary.n for n in pairs):
        text += f" (n = {summary.n})"
    return Cell(text, summary.mean)


def verdict_cell(arm: ArmSummary) -> Cell:
    """Return an arm's verdict in words."""
    comparison = arm.comparison
    if comparison is None:
        return Cell("control", -1.0)
    order = float(SORT_ORDER.index(comparison.verdict))
    return Cell(verdict_words(comparison, arm.is_copy), order, style=comparison.verdict)


def verdict_words(comparison: Comparison, is_copy: bool = False) -> str:
    """Return the verdict in words; of an A/A arm, what it says of the comparison itself."""
    verdict = comparison.verdict
    if is_copy and verdict == "equivalent":
        return "no difference (a copy of the control)"
    if is_copy and verdict in ("better", "worse"):
        return f"{verdict}, though a copy of the control: a false alarm"
    if verdict == "none":
        unit = "pairs" if comparison.replicates == "paired" else "runs"
        words = f"no verdict ({'too few' if comparison.n else 'no'} {unit})"
    else:
        words = f"{VERDICT_NAMES.get(verdict, verdict)}{SIZES[comparison.size]}"
    return f"{words}; unstable" if comparison.unstable else words


def effect_columns(metric: Metric) -> tuple[Column, ...]:
    """Return the headings of ``effect_cells``."""
    unit = formats.difference_unit(metric)
    effect = f"effect ({unit})" if unit else "effect"
    return number_columns(effect, "95% interval", "all at once", "corrected p", "n")


def effect_cells(comparison: Comparison | None, metric: Metric, seeds: int) -> tuple[Cell, ...]:
    """Return effect, its two intervals, corrected p and n; dashes for the control."""
    if comparison is None:
        return 5 * (Cell(formats.NOTHING),)
    if comparison.effect is None:
        return (*4 * (Cell(formats.NOTHING),), Cell("0"))
    p = None if comparison.too_few_pairs else comparison.p_corrected
    n = str(comparison.n) if comparison.n >= seeds else f"{comparison.n} of {seeds}"
    if comparison.n_reference is not None:
        n = numbers_of_runs(comparison)
    intervals = (comparison.interval, comparison.simultaneous)
    digits = decimals(comparison, metric)
    return (
        Cell(formats.difference(metric, comparison.effect, digits), comparison.effect),
        *(Cell(formats.interval(metric, i, digits), i.low if i else None) for i in intervals),
        Cell(formats.probability(p), p),
        Cell(n, comparison.n),
    )


def numbers_of_runs(comparison: Comparison) -> str:
    """Return how many independent runs both have: ``7``, or ``7 against 11``."""
    same = comparison.n == comparison.n_reference
    return str(comparison.n) if same else f"{comparison.n} against {comparison.n_reference}"


def sample_size(inference: Inference) -> str:
    """Return ``10 seeds``; of independent runs ``10 runs an arm``, or ``7 to 11 runs an arm``."""
    if inference.replicates == "paired":
        return formats.plural(len(inference.seeds), "seed")
    counts = [arm.divergence.runs for arm in inference.arms if arm.divergence.runs] or [0]
    least, most = min(counts), max(counts)
    return (
        f"{formats.plural(most, 'run')} an arm"
        if least == most
        else f"{least} to {most} runs an arm"
    )


def independent_sentence(inference: Inference) -> str:
    """Say that the runs are compared as independent ones; nothing where they are paired."""
    if inference.replicates == "paired":
        return ""
    return f"Runs are independent, {sample_size(inference)}: equal seeds are not paired."


def name_of_test(comparison: Comparison) -> str:
    """Return which test gives p, and how it is corrected."""
    paired = comparison.replicates == "paired"
    name = "sign-flip test" if paired else "permutation test of Welch's t"
    return f"two-sided {name}{correction_words(comparison)}"


def divergence_test(comparison: Comparison) -> str:
    """Return which test flags an arm as unstable."""
    name = "McNemar" if comparison.replicates == "paired" else "Fisher"
    return f"{name}'s exact test"


def correction_words(comparison: Comparison) -> str:
    """Return how p is corrected for the family of a comparison; nothing where it is alone."""
    if comparison.comparisons == 1:
        return ""
    name = "step-down max-T" if comparison.correction == "max_t" else "Holm"
    return f", corrected by {name} for {comparison.comparisons} comparisons"


def effect_size(comparison: Comparison, metric: Metric, label: str = "") -> str:
    """Return ``by 1.22 points (0.81 to 1.63)``; no end of an interval loses its direction.

    One that holds 0 reads ``by 1.22 points (between 0.20 lower and 2.64 higher)``.
    """
    if comparison.effect is None:
        return ""
    interval, digits = comparison.interval, decimals(comparison, metric)
    size = f"by {formats.magnitude(metric, comparison.effect, digits)}"
    if interval is None:
        return size

    def unsigned(end: float) -> str:
        return formats.difference(metric, abs(end), digits).lstrip("+")

    if interval.low <= 0 <= interval.high:
        low, high = unsigned(interval.low), unsigned(interval.high)
        return f"{size} ({label}between {low} lower and {high} higher)"
    ends = sorted((abs(interval.low), abs(interval.high)))
    return f"{size} ({label}{' to '.join(map(unsigned, ends))})"


def direction(comparison: Comparison, metric: Metric) -> str:
    """Return ``lower (worse)``; nothing where the effect rounds to 0."""
    effect = comparison.effect or 0.0
    if not re.search("[1-9]", formats.magnitude(metric, effect, decimals(comparison, metric))):
        return ""
    higher = effect > 0
    better = higher == (metric.better == "higher")
    return f"{'higher' if higher else 'lower'} ({'better' if better else 'worse'})"


def too_few_pairs(comparison: Comparison) -> str:
    """Return why a comparison has too few seeds for any verdict, and how many would do."""
    holm = comparison.correction == "holm" and comparison.comparisons > 1
    family = f"among {comparison.comparisons} comparisons " if holm else ""
    needed, found = f"{comparison.pairs_needed} seeds", formats.plural(comparison.n, "paired seed")
    if comparison.n_reference is not None:
        needed = f"{comparison.pairs_needed} runs an arm"
        found = f"{comparison.n} independent runs against {comparison.n_reference}"
    return (
        f"with {found} no difference {family}can be told from chance, however large; a verdict "
        f"takes at least {needed}"
    )


def comparison_notes(comparisons: Mapping[str, Comparison], metric: Metric) -> Iterator[str]:
    """Yield notes on pairs that are too few, on p at its floor, and on survivors."""
    yield from _few_pairs(comparisons)
    yield from _smallest_p(comparisons)
    yield from _survivors(comparisons, metric)


def _few_pairs(comparisons: Mapping[str, Comparison]) -> Iterator[str]:
    few: dict[str, list[str]] = {}
    for name, comparison in comparisons.items():
        if comparison.n and comparison.too_few_pairs:
            few.setdefault(too_few_pairs(comparison), []).append(name)
    for why, names in few.items():
        yield f"No p for {formats.listed(names, 6)}: {why}."


def _smallest_p(comparisons: Mapping[str, Comparison]) -> Iterator[str]:
    """Say which p would be no smaller, however large the effect."""
    least: dict[str, list[str]] = {}
    for name, comparison in comparisons.items():
        p, smallest = comparison.p, comparison.smallest_p
        if p is None or comparison.too_few_pairs or p > smallest * (1 + 1e-9):
            continue
        if smallest < formats.SHOWN_AS_LESS:
            continue
        before = " before the correction" if (comparison.p_corrected or p) > 1.001 * p else ""
        seeds = formats.plural(comparison.n, "seed")
        if comparison.n_reference is not None:
            seeds = f"{numbers_of_runs(comparison)} runs"
        why = f"the smallest possible with {seeds}{before}: {formats.probability(smallest)}"
        least.setdefault(why, []).append(name)
    for why, names in least.items():
        yield f"p is {why}, however large the effect ({formats.listed(names, 6)})."


def settle_notes(comparisons: Mapping[str, Comparison], metric: Metric) -> Iterator[str]:
    """Yield what would settle each comparison that is not settled, the largest effect first."""
    lines = []
    for name, comparison in comparisons.items():
        if comparison.settle and comparison.effect is not None:
            more = comparison.settle.more_seeds
            digits = decimals(comparison, metric)
            found = formats.magnitude(metric, comparison.settle.detectable, digits)
            unit = "seeds" if comparison.replicates == "paired" else "runs an arm"
            seeds = "no feasible number" if more is None else f"{more:,} more {unit}"
            lines.append((abs(comparison.effect), f"{name} {found}, {seeds}"))
    if lines:
        lines.sort(key=lambda line: -line[0])
        yield (
            "Not settled, the largest effect first, with the smallest effect that as many runs "
            "find with 80% power, and about how many more the effect seen needs: "
            f"{'; '.join(line for _, line in lines)}."
        )


def _survivors(comparisons: Mapping[str, Comparison], metric: Metric) -> Iterator[str]:
    parts = []
    for name, comparison in comparisons.items():
        among = comparison.survivors
        if among and among.n:
            digits = formats.decimals_of(metric, among.interval)
            effect = formats.difference(metric, among.effect, digits)
            around = f" ({formats.interval(metric, among.interval)})" if among.interval else ""
            other = "" if among.n_reference is None else f" against {among.n_reference}"
            parts.append(f"{name} {effect}{around}, n = {among.n}{other}")
        elif among:
            parts.append(f"{name} none")
    if parts:
        paired = all(each.replicates == "paired" for each in comparisons.values())
        which = "seeds that completed in both" if paired else "runs that completed"
        yield f"Effect among survivors, the {which}: {'; '.join(parts)}."
