"""The sentences above the results: what the numbers show, never what they prove."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.analysis.collect import Collected
from ablations.analysis.formats import difference, difference_unit, measured, plural
from ablations.analysis.tables import ArmRow, best
from ablations.study.metrics import METRICS, Metric


def summary_sentences(collected: Collected, rows: Sequence[ArmRow]) -> tuple[str, ...]:
    """Return one to four plain sentences about the study's metric."""
    metric = METRICS[collected.study.metric]
    runs = sum(row.runs for row in rows)
    if not runs:
        return ("No run of this study has a result that counts, so there are no numbers to show.",)
    leader = best(rows, metric.name)
    if leader is None:
        if all(row.diverged == row.runs for row in rows):
            return (f"Every run that counts diverged ({plural(runs, 'run')}): no arm has a mean.",)
        return (f"No completed run has a finite {metric.label}: no arm has a mean.",)
    sentences = [*_leader(rows, leader, metric)]
    diverged = [f"{row.arm} {row.diverged}/{row.runs}" for row in rows if row.diverged]
    if diverged:
        sentences.append(f"Diverged runs: {', '.join(diverged)}.")
    if max(row.score.n for row in rows) == 1:
        sentences.append("Each arm has one completed run at most: nothing is known of the spread.")
    return tuple(sentences)


def _leader(rows: Sequence[ArmRow], leader: ArmRow, metric: Metric) -> list[str]:
    extreme = "highest" if metric.better == "higher" else "lowest"
    control = next((row for row in rows if row.is_control), None)
    if leader.is_control:
        rest = [row for row in rows if not row.is_control]
        opening = f"The control, {_scored(leader, metric)}, has the {extreme} mean {metric.label}."
        runner_up = best(rest, metric.name)
        if runner_up is None:
            return [opening, "No other arm has a mean."]
        following = f"Next is {_scored(runner_up, metric)}{_apart(runner_up, metric)}."
        return [opening, following]
    opening = f"The {extreme} mean {metric.label} is that of {_scored(leader, metric)}."
    if control is None or control.score.mean is None:
        missing = "has no completed run with this metric, so no difference to it can be shown"
        return [opening, f"The control{f', {control.arm},' if control else ''} {missing}."]
    return [opening, f"The control is {_scored(control, metric)}{_apart(leader, metric)}."]


def _scored(row: ArmRow, metric: Metric) -> str:
    n = f"n = {row.score.n}"
    if row.score.n < row.runs:
        n += f" of {plural(row.runs, 'run')} completed"
    return f"{row.arm} with {measured(metric, row.score.mean)} ({n})"


def _apart(row: ArmRow, metric: Metric) -> str:
    if row.difference is None:
        return f"; {row.arm} and the control share no completed seed"
    unit = difference_unit(metric)
    size = f"{difference(metric, row.difference)} {unit}".strip()
    return f"; {row.arm} minus control is {size} over {plural(row.pairs, 'paired seed')}"
