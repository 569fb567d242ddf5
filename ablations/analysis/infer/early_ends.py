"""Imported runs that end clearly earlier than others: their last values are of other steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ablations.analysis.infer.curves import ArmHistories
from ablations.ledger.records import Epoch

EARLIER = 0.1
"""The share of the longest run's steps that another lacks, from which it ends early."""


@dataclass(frozen=True)
class EarlyEnds:
    """The runs that end early."""

    arms: Mapping[str, Mapping[int, int]]
    """Arm → seed → the last step of a run that ends early; only arms with one."""
    others: tuple[int, int]
    """The least and the greatest last step of all other runs."""


def early_ends(runs: Iterable[tuple[str, int, int | None]]) -> EarlyEnds | None:
    """Return which runs end early, of arm, seed and last step each; None where none does.

    A run whose last step is not known is passed over.
    """
    known = [(arm, seed, step) for arm, seed, step in runs if step is not None]
    longest = max((step for _, _, step in known), default=0)
    arms: dict[str, dict[int, int]] = {}
    others = []
    for arm, seed, step in known:
        if step < (1 - EARLIER) * longest:
            arms.setdefault(arm, {})[seed] = step
        else:
            others.append(step)
    return EarlyEnds(arms, (min(others), max(others))) if arms else None


def last_steps(
    histories: Iterable[ArmHistories], metric: str
) -> Iterator[tuple[str, int, int | None]]:
    """Yield arm, seed and last step of each completed run, by its curve of the metric."""
    for of_arm in histories:
        for seed, history in zip(of_arm.seeds, of_arm.histories, strict=True):
            yield of_arm.arm, seed, _last_step(history, metric)


def _last_step(history: Iterable[Epoch], metric: str) -> int | None:
    return max((int(line["epoch"] or 0) for line in history if metric in line), default=None)
