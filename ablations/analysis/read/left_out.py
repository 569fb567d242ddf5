"""What a report does not count, and why: nothing on disk is dropped silently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ablations.ledger.standing import Cause, Standing, State
from ablations.study.schema import TUNING

Kind = Literal[
    "missing",
    "unfinished",
    "stale",
    "failed",
    "unreadable",
    "foreign",
    "removed",
    "incomplete",
    "undeclared",
    "other data",
    "other code",
    "damaged",
]
OTHER_CODE: Kind = "other code"
_KINDS: dict[Cause, Kind] = {
    Cause.UNREADABLE: "unreadable",
    Cause.FOREIGN: "foreign",
    Cause.PROVISIONAL: "stale",
    Cause.CHANGED: "stale",
}


@dataclass(frozen=True)
class LeftOut:
    """Runs of one arm, or of one trial of its search, that the report does not count, and why."""

    kind: Kind
    arm: str
    """The arm's name; ``tuning/arm/trial`` for a trial."""
    seeds: tuple[int, ...]
    reason: str


def why_left_out(standing: Standing, metric: str) -> LeftOut | None:
    """Return why a run does not count; None where it does, or diverged.

    ``metric`` is what the run was made to measure.
    """

    def because(kind: Kind, reason: str) -> LeftOut:
        return LeftOut(kind, trial_path(run.arm, run.trial), (run.seed,), reason)

    run, result = standing.run, standing.result
    if standing.cause is not None:
        return because(_KINDS[standing.cause], standing.reason)
    if standing.state is State.FAILED:
        return because("failed", standing.reason or "no reason recorded")
    if result is None:
        if standing.directory.path.is_dir():
            return because("unfinished", "started, has no result")
        return because("missing", "not run")
    if standing.state is State.DONE and result.value(metric) is None:
        return because("incomplete", f"has no finite {metric}")
    return None


def trial_path(arm: str, trial: str) -> str:
    """Return the name of an arm, or of one trial of its search."""
    return f"{TUNING}/{arm}/{trial}" if trial else arm


def join_seeds(entries: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Join the seeds of entries that are otherwise equal; the order of first mention stays."""
    groups: dict[tuple[Kind, str, str], list[int]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, entry.arm, entry.reason), []).extend(entry.seeds)
    return tuple(
        LeftOut(kind, arm, tuple(sorted(seeds)), reason)
        for (kind, arm, reason), seeds in groups.items()
    )
