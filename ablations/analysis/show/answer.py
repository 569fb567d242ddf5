"""The answer above the results: a sentence or two, generated from the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.cautions import cautions, different_runs, so_far
from ablations.analysis.show.comparisons import (
    direction,
    effect_size,
    independent_sentence,
    mean_decimals,
    too_few_pairs,
)
from ablations.analysis.show.formats import (
    diverged_share,
    listed,
    magnitude,
    measured,
    plural,
)
from ablations.analysis.show.sections.claims import claims_sentence
from ablations.analysis.show.sections.factorial import factorial_sentences
from ablations.study.metrics import Metric

MOST_NAMES = 3
MOST_BEST = 8
NOT_KNOWN = "whether it is the best is not settled"


def answer(inference: Inference) -> tuple[str, ...]:
    """Return the answer; that of a factorial design is about its factors, then its best cell."""
    factors = factorial_sentences(inference)
    best = tuple(_best_by_mean(inference, inference.answering_metric())) if factors else ()
    sentences = (*factors, *best) or tuple(_about_arms(inference))
    sentences = (*so_far((inference,)), *cautions(inference), *sentences)
    about_runs = filter(None, [independent_sentence(inference) if inference.runs.counted else ""])
    claims = (claims_sentence(inference),) if inference.claims else ()
    return (*sentences, *claims, *about_runs)


def _about_arms(inference: Inference) -> Iterator[str]:
    """Yield the answer to the study's question, or why there is none."""
    metric = inference.answering_metric()
    control, others = inference.control_arm(), inference.other_arms()
    if inference.best_by_mean is None:
        yield _no_numbers(inference, metric)
    elif control is None or not (control.score.n or control.divergence.diverged):
        name = f", {control.arm}," if control else ""
        missing = f"the control{name} has no run with {metric.label}"
        yield f"No verdicts: {missing}, so there is nothing to compare."
        yield from _best_by_mean(inference, metric)
    elif not any(arm.divergence.runs for arm in others):
        yield "No verdicts: no other arm has a run that counts."
        yield f"The control, {control.arm}, has {_mean(control, inference)}."
    elif all(_verdict(arm) == "none" for arm in others):
        yield from _control_diverged(control, others)
        yield f"No verdicts: {_why_none(others)}."
        yield from _largest(others, metric)
        yield from _best_by_mean(inference, metric)
    else:
        yield from _may_be_best(inference, metric)
        yield from _better_and_worse(inference, control, others)
        yield from different_runs(control, others)
        yield from _other_verdicts(inference, others, metric)
        yield from _control_diverged(control, others)


def _no_numbers(inference: Inference, metric: Metric) -> str:
    runs = inference.runs
    if not runs.counted:
        return "No run of this study has a result that counts, so there are no numbers to show."
    if runs.diverged == runs.counted:
        return f"Every run that counts diverged ({plural(runs.counted, 'run')}): no arm has a mean."
    return f"No completed run has a finite {metric.label}: no arm has a mean."


def _verdict(arm: ArmSummary) -> str:
    return arm.comparison.verdict if arm.comparison else "none"


def _why_none(others: Sequence[ArmSummary]) -> str:
    comparisons = [arm.comparison for arm in others if arm.comparison]
    most = max(comparisons, key=lambda comparison: comparison.n)
    if not most.n:
        return "no arm shares a seed with the control"
    return too_few_pairs(most)


def _largest(others: Sequence[ArmSummary], metric: Metric) -> Iterator[str]:
    """Say how far the intervals of the largest effects lie, where there can be no verdict."""
    known = [arm for arm in _by_size(others, "none") if arm.comparison and arm.comparison.interval]
    if known:
        seen = _effects(known[:MOST_NAMES], metric, directed=True)
        yield f"The largest differences seen: {seen}."


def _may_be_best(inference: Inference, metric: Metric) -> Iterator[str]:
    """Name the arms that may be the best, where the control is none of them.

    That set goes by one-sided tests, the verdicts by two-sided ones that are corrected; between
    the two an arm may be the best alone and not be shown to be better than the control.
    """
    best = [arm for arm in inference.arms if arm.may_be_best]
    if any(arm.is_control for arm in best) or not best:
        return
    sign = -1 if metric.better == "higher" else 1
    best.sort(key=lambda arm: sign * (arm.score.mean or 0.0))
    extreme = _extreme(metric)
    names = listed([arm.arm for arm in best], MOST_BEST)
    leads = best[0].arm == inference.best_by_mean
    if len(best) == 1 and leads and _verdict(best[0]) == "better":
        yield f"The {extreme} {metric.label} is that of {names}."
    elif len(best) == 1 and leads:
        scored = _scored(inference, best[0], metric)
        yield f"{names} has the {extreme} mean {metric.label}{scored}; {NOT_KNOWN}."
    else:
        of_all = f"{len(best)} of {len(inference.arms)} arms"
        of_all = f"any of {of_all}: {names}" if len(best) > 1 else names
        shown = any(_verdict(arm) == "better" for arm in best)
        verb = "they are" if len(best) > 1 else "it is"
        unshown = "" if shown else f"; {verb} not shown to be better than the control"
        yield f"The {extreme} {metric.label} may be that of {of_all}{unshown}."


def _extreme(metric: Metric) -> str:
    return "highest" if metric.better == "higher" else "lowest"


def _best_by_mean(inference: Inference, metric: Metric) -> Iterator[str]:
    """Name the arm with the best mean, and say so where that does not make it the best."""
    best = [arm.arm for arm in inference.arms if arm.may_be_best]
    judged = {_verdict(arm) for arm in inference.arms if not arm.is_control} - {"none"}
    for arm in inference.arms:
        if arm.arm == inference.best_by_mean:
            extreme, mean = _extreme(metric), _mean(arm, inference)
            shown = _verdict(arm) == "better" or (arm.is_control and judged)
            if best == [arm.arm] and shown:
                name = f"{arm.arm}{', the control' if arm.is_control else ''}"
                yield f"The {extreme} {metric.label} is that of {name}: {mean}."
            else:
                name = f"The control, {arm.arm}," if arm.is_control else arm.arm
                label = f"{metric.label}{_scored(inference, arm, metric)}"
                yield f"{name} has the {extreme} mean {label}, {mean}; {NOT_KNOWN}."


def _scored(inference: Inference, leader: ArmSummary, metric: Metric) -> str:
    """Say where an arm leads only as diverged runs are scored, not by the means that are shown."""
    sign = 1 if metric.better == "higher" else -1
    means = [sign * arm.score.mean for arm in inference.arms if arm.score.mean is not None]
    leads = leader.score.mean is not None and sign * leader.score.mean >= max(means)
    return "" if leads else " where diverged runs are scored"


def _mean(arm: ArmSummary, inference: Inference) -> str:
    n = f"n = {arm.score.n}"
    if arm.score.n < arm.divergence.runs:
        n += f" of {plural(arm.divergence.runs, 'run')}"
    digits = mean_decimals(inference).get(arm.arm)
    return f"{measured(inference.answering_metric(), arm.score.mean, digits)} ({n})"


def _better_and_worse(
    inference: Inference, control: ArmSummary, others: Sequence[ArmSummary]
) -> Iterator[str]:
    """Name the arms that are better and worse, the largest effects first."""
    metric = inference.answering_metric()
    reference = f"the control, {control.arm}"
    if control.score.mean is not None:
        digits = mean_decimals(inference).get(control.arm)
        reference += f" ({measured(metric, control.score.mean, digits)})"
    known = [arm for arm in (control, *others) if arm.may_be_best]
    ran = [arm for arm in (control, *others) if arm.divergence.runs]
    several = 1 < len(known) < len(ran) and control in known
    best = f"; {len(known)} of {len(ran)} arms may be the best" if several else ""
    better, worse = (_by_size(others, verdict) for verdict in ("better", "worse"))
    if better:
        yield f"Better than {reference} in {metric.label}: {_effects(better, metric)}."
    elif worse:
        yield f"No arm is shown to be better than {reference} in {metric.label}{best}."
    else:
        yield f"No arm is shown to differ from {reference} in {metric.label}{best}."
    if worse:
        yield f"Worse: {_effects(worse, metric)}."


def _by_size(arms: Sequence[ArmSummary], verdict: str) -> list[ArmSummary]:
    chosen = [arm for arm in arms if _verdict(arm) == verdict]
    return sorted(chosen, key=lambda arm: -abs((arm.comparison and arm.comparison.effect) or 0.0))


def _effects(arms: Sequence[ArmSummary], metric: Metric, directed: bool = False) -> str:
    """Return each arm with the size of its effect, ``directed`` where no verdict has said it."""
    labels = ("95% interval ", *(len(arms) - 1) * ("",))
    named = []
    for arm, label in zip(arms, labels, strict=True):
        if arm.comparison:
            toward = f" {direction(arm.comparison, metric)}".rstrip() if directed else ""
            size = effect_size(arm.comparison, metric, label)
            named.append(f"{_named(arm)}{toward} {size}")
    return listed(named, MOST_NAMES)


def _other_verdicts(
    inference: Inference, others: Sequence[ArmSummary], metric: Metric
) -> Iterator[str]:
    """Name the arms of every other verdict in one sentence."""
    margin, failed = inference.margin, _failed_arms(inference)
    needed = max(arm.comparison.pairs_needed for arm in others if arm.comparison)
    paired = inference.replicates == "paired"
    least = plural(needed, "paired seed") if paired else f"{plural(needed, 'run')} an arm"
    titles = {
        "equivalent": "no difference that matters",
        "inconclusive": "not settled",
        "failed": "no verdict, as all runs failed",
        "none": f"no verdict, as that takes at least {least}",
    }
    if margin > 0:
        titles["equivalent"] += f" (less than {magnitude(metric, margin)})"
    clauses = []
    for verdict, title in titles.items():
        names = [_named(arm) for arm in _by_size(others, verdict) if arm.arm not in failed]
        if verdict == "failed":
            names = [arm.arm for arm in others if arm.arm in failed]
        if names:
            clauses.append(f"{title}: {listed(names, MOST_NAMES)}")
    sentence = "; ".join(clauses)
    if sentence:
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _failed_arms(inference: Inference) -> set[str]:
    """Return the arms of which no run counts, and each failed."""
    kinds: dict[str, set[str]] = {}
    for left in inference.left_out:
        kinds.setdefault(left.arm, set()).add(left.kind)
    return {
        arm.arm
        for arm in inference.arms
        if not arm.divergence.runs and kinds.get(arm.arm) == {"failed"}
    }


def _named(arm: ArmSummary) -> str:
    if arm.comparison and arm.comparison.unstable:
        return f"{arm.arm} (unstable: {arm.divergence.diverged}/{arm.divergence.runs} diverged)"
    return f"{arm.arm} (a copy of the control)" if arm.is_copy else arm.arm


def _control_diverged(control: ArmSummary | None, others: Sequence[ArmSummary]) -> Iterator[str]:
    """Say how many of the control's runs diverged, and which arms are steadier."""
    if control is None or not control.divergence.diverged:
        return
    clauses = [f"Of the control's own runs {diverged_share(control.divergence)} diverged"]
    never = [arm for arm in others if arm.divergence.runs and not arm.divergence.diverged]
    fewer = [
        arm for arm in others if arm not in never and control.divergence.exceeds(arm.divergence)
    ]
    if never:
        same = len({arm.divergence.runs for arm in never}) == 1
        none = diverged_share(never[0].divergence) if same else "none"
        clauses.append(f"{none} of {_names(never, others)}")
    if fewer:
        clauses.append(f"a smaller share of {_names(fewer, others)}")
    yield f"{'; '.join(clauses)}."


def _names(arms: Sequence[ArmSummary], others: Sequence[ArmSummary]) -> str:
    if len(arms) == len(others) > 1:
        return "each other arm's"
    if len(arms) > MOST_NAMES:
        return f"{len(arms)} other arms' each"
    return listed([arm.arm for arm in arms], MOST_NAMES)
