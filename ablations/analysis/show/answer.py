"""The answer above the results: a sentence or two, generated from the verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.analysis.infer.arms import ArmRow, best
from ablations.analysis.infer.significance import pairs_needed
from ablations.analysis.infer.verdicts import Effect
from ablations.analysis.read.collect import Collected
from ablations.analysis.show.formats import (
    difference,
    interval,
    listed,
    magnitude,
    measured,
    plural,
    share_interval,
)
from ablations.study.metrics import METRICS, Metric

MOST_NAMES = 3


def answer_sentences(collected: Collected, rows: Sequence[ArmRow]) -> tuple[str, ...]:
    """Return the answer to the study's question, or why there is none."""
    metric = METRICS[collected.study.metric]
    control = next((row for row in rows if row.is_control), None)
    others = [row for row in rows if not row.is_control]
    nothing = _no_numbers(rows, metric)
    if nothing:
        return (nothing,)
    diverged = _control_diverged(control, others) if control else []
    if control is None or control.score.mean is None:
        name = f", {control.arm}," if control else ""
        missing = f"the control{name} has no completed run with {metric.label}"
        why = f"No verdicts: {missing}, so there is nothing to compare."
        return (*diverged, why, *_leader(rows, metric))
    if not any(row.runs for row in others):
        scored = f"The control, {control.arm}, has {_mean(control, metric)}."
        return ("No verdicts: no other arm has a run that counts.", scored)
    if all(_verdict(row) == "none" for row in others):
        return (*diverged, f"No verdicts: {_why_none(others)}.", *_leader(rows, metric))
    rest = _rest(others, metric, collected.study.margin)
    return (*_better(control, others, metric), *rest, *diverged)


def _no_numbers(rows: Sequence[ArmRow], metric: Metric) -> str:
    runs = sum(row.runs for row in rows)
    if not runs:
        return "No run of this study has a result that counts, so there are no numbers to show."
    if best(rows, metric.name) is not None:
        return ""
    if all(row.completed == 0 for row in rows):
        return f"Every run that counts diverged ({plural(runs, 'run')}): no arm has a mean."
    return f"No completed run has a finite {metric.label}: no arm has a mean."


def _verdict(row: ArmRow) -> str:
    return row.finding.verdict if row.finding else "none"


def _why_none(others: Sequence[ArmRow]) -> str:
    found = [row.finding for row in others if row.finding]
    pairs = max(len(one.comparison.differences) for one in found)
    if not pairs:
        return "no arm shares a completed seed with the control"
    return too_few(pairs, len(found))


def too_few(pairs: int, comparisons: int) -> str:
    """Return why ``pairs`` seeds are too few for a family of ``comparisons``, and what would do."""
    family = f"among {comparisons} comparisons " if comparisons > 1 else ""
    return (
        f"with {plural(pairs, 'paired seed')} no difference {family}can be told from chance, "
        f"however large; {pairs_needed(comparisons)} seeds would do"
    )


def _leader(rows: Sequence[ArmRow], metric: Metric) -> tuple[str, ...]:
    leader = best(rows, metric.name)
    if leader is None:
        return ()
    extreme = "highest" if metric.better == "higher" else "lowest"
    name = f"{leader.arm}{', the control' if leader.is_control else ''}"
    return (
        f"By its mean alone, the {extreme} {metric.label} is that of {name}: "
        f"{_mean(leader, metric)}.",
    )


def _mean(row: ArmRow, metric: Metric) -> str:
    n = f"n = {row.score.n}"
    if row.score.n < row.runs:
        n += f" of {plural(row.runs, 'run')}"
    return f"{measured(metric, row.score.mean)} ({n})"


def _better(control: ArmRow, others: Sequence[ArmRow], metric: Metric) -> list[str]:
    """Name the arms that are better and worse, the largest effects first."""
    reference = f"the control, {control.arm} ({measured(metric, control.score.mean)})"
    better, worse = (_by_size(others, verdict) for verdict in ("better", "worse"))
    if not better and not worse:
        return [f"No arm is shown to differ from {reference} in {metric.label}."]
    sentences = [f"No arm is shown to be better than {reference} in {metric.label}."]
    if better:
        sentences = [f"Better than {reference} in {metric.label}: {_effects(better, metric)}."]
    if worse:
        sentences.append(f"Worse: {_effects(worse, metric)}.")
    return sentences


def _by_size(rows: Sequence[ArmRow], verdict: str) -> list[ArmRow]:
    chosen = [row for row in rows if _verdict(row) == verdict]
    return sorted(chosen, key=lambda row: -abs(_mean_effect(row)))


def _mean_effect(row: ArmRow) -> float:
    return row.finding.effect.mean if row.finding and row.finding.effect else 0.0


def _effects(rows: Sequence[ArmRow], metric: Metric) -> str:
    first = [_effect(row, metric, "95% interval ") for row in rows[:1]]
    return listed(first + [_effect(row, metric) for row in rows[1:]], MOST_NAMES)


def _effect(row: ArmRow, metric: Metric, called: str = "") -> str:
    found = row.finding.effect if row.finding else None
    return f"{row.arm} {sized(found, metric, called)}" if found else row.arm


def sized(found: Effect, metric: Metric, called: str = "") -> str:
    """Return ``by 1.22 points (0.81 to 1.63)``; signed where the interval holds 0."""
    around = interval(metric, found.interval)
    if found.interval and not found.interval.low <= 0 <= found.interval.high:
        ends = sorted((abs(found.interval.low), abs(found.interval.high)))
        around = " to ".join(difference(metric, end).lstrip("+") for end in ends)
    return f"by {magnitude(metric, found.mean)} ({called}{around})"


def _rest(others: Sequence[ArmRow], metric: Metric, margin: float) -> list[str]:
    """Name the arms of every other verdict in one sentence."""
    equivalent = "no difference that matters"
    if margin > 0:
        equivalent += f" (less than {magnitude(metric, margin)})"
    parts = []
    for verdict, title in (
        ("equivalent", equivalent),
        ("inconclusive", "not settled"),
        ("unstable", "unstable"),
        ("none", f"no verdict, for want of paired seeds ({pairs_needed(len(others))} would do)"),
    ):
        names = [_named(row) for row in others if _verdict(row) == verdict]
        if names:
            parts.append(f"{title}: {listed(names, MOST_NAMES)}")
    sentence = "; ".join(parts)
    return [f"{sentence[0].upper()}{sentence[1:]}."] if parts else []


def _control_diverged(control: ArmRow, others: Sequence[ArmRow]) -> list[str]:
    """Say how many of the control's runs diverged, and which arms are steadier."""
    if not control.diverged.diverged:
        return []
    clauses = [f"Of the control's own runs {share_interval(control.diverged)} diverged"]
    never = [row for row in others if row.runs and not row.diverged.diverged]
    fewer = [row for row in others if row not in never and control.diverged.exceeds(row.diverged)]
    if never:
        same = len({row.runs for row in never}) == 1
        none = share_interval(never[0].diverged) if same else "none"
        clauses.append(f"{none} of {_names(never, others)}")
    if fewer:
        clauses.append(f"a smaller share of {_names(fewer, others)}")
    return [f"{'; '.join(clauses)}."]


def _names(rows: Sequence[ArmRow], others: Sequence[ArmRow]) -> str:
    if len(rows) == len(others) > 1:
        return "each other arm's"
    if len(rows) > MOST_NAMES:
        return f"{len(rows)} other arms' each"
    return listed([row.arm for row in rows], MOST_NAMES)


def _named(row: ArmRow) -> str:
    if _verdict(row) == "unstable":
        return f"{row.arm} ({row.diverged.diverged}/{row.diverged.runs} diverged)"
    return f"{row.arm} (a copy of the control)" if row.is_copy else row.arm
