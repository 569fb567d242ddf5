"""How far the runs have come that are being trained: read from the line that each epoch appends.

Who looks on asks nothing of the trainer, so that nothing of a run depends on it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablations.execution.worker import Job
from ablations.files import Stamp, stamp_of
from ablations.ledger.lines import read_last_line
from ablations.ledger.standing import Standing
from ablations.study.recipe import BaseRecipe, Recipe


@dataclass(frozen=True)
class Underway:
    """One run that is being trained."""

    name: str
    """``study/arm/seed-0``."""
    seconds: float
    """How long it has been looked at."""
    epochs: int | None
    """All that it may have; None where only its trainer knows."""
    last: Mapping[str, Any] | None
    """Its last line: an epoch, or a step of a trainer of one's own; None before the first.

    What an earlier training of the run has left is none of it."""
    seconds_left: float | None
    """At the pace so far; None before a second epoch was seen."""

    @property
    def epoch(self) -> int | None:
        """The last epoch that has ended; None before the first, or where there are none."""
        epoch = self.last.get("epoch") if self.last else None
        return None if epoch is None else int(epoch)

    @property
    def share(self) -> float:
        """Which part of its epochs is done."""
        return min(1.0, (self.epoch or 0) / self.epochs) if self.epochs else 0.0


@dataclass
class _Seen:
    """When what was seen of a run."""

    epochs: int | None
    began: float
    before: Stamp
    """Of its lines as an earlier training left them: what they say is old until they change."""
    last_epoch: int | None
    last_at: float = 0.0
    first_epoch: int | None = None
    """The first that has ended while it was looked at."""
    first_at: float = 0.0

    def take(self, epoch: int | None, now: float) -> None:
        """Note which epoch is the last one now; fewer than before, and the pace is a new one's.

        A run that is trained again begins with none, one that goes on with those of its checkpoint.
        """
        if epoch is None or (self.last_epoch is not None and epoch < self.last_epoch):
            self.first_epoch = None
        elif epoch != self.last_epoch and self.first_epoch is None:
            self.first_epoch, self.first_at = epoch, now
        if epoch != self.last_epoch:
            self.last_epoch, self.last_at = epoch, now


class Observer:
    """Looks at runs again and again, from when their training begins."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def look(self, jobs: Sequence[Job]) -> tuple[Underway, ...]:
        """Return how far the jobs have come that are being trained now."""
        found = tuple(self._look(job) for job in jobs)
        names = {each.name for each in found}
        self._seen = {name: seen for name, seen in self._seen.items() if name in names}
        return found

    def _look(self, job: Job) -> Underway:
        name, now, path = str(job), time.monotonic(), job.directory.metrics
        stamp, last = stamp_of(path), read_last_line(path)
        epoch = last.get("epoch") if last else None
        epoch = None if epoch is None else int(epoch)
        if name not in self._seen:
            epochs = epochs_of(job.run().recipe)
            self._seen[name] = _Seen(epochs, began=now, before=stamp, last_epoch=epoch)
        seen = self._seen[name]
        seen.take(epoch, now)
        is_new = stamp != seen.before
        seen.before = None if is_new else seen.before
        return Underway(
            name, now - seen.began, seen.epochs, last if is_new else None, _seconds_left(seen, now)
        )


def epochs_of(recipe: BaseRecipe) -> int | None:
    """Return the epochs of a run's stages together, as its lines count them; None where unknown."""
    if not isinstance(recipe, Recipe):
        return recipe.planned_epochs
    from ablations.training.stage import stages_of

    return sum(stage.epochs for stage in stages_of(recipe))


def place_of(recipe: BaseRecipe, count: int) -> str:
    """Return where a run is after so many epochs, or steps of a trainer that counts them."""
    epochs = epochs_of(recipe)
    return f"epoch {count} of {epochs}" if epochs else f"step {count}"


def saved_of(standing: Standing) -> str:
    """Return what is saved of a run that has not ended; empty where nothing is."""
    if standing.saved_epochs is not None:
        return f"{place_of(standing.run.recipe, standing.saved_epochs)} is saved"
    return "its checkpoint/ is kept" if standing.keeps_its_own else ""


def _seconds_left(seen: _Seen, now: float) -> float | None:
    """Return (T − e)·(tₑ − t₁)/(e − e₁) less what has passed since tₑ, of T epochs."""
    if seen.epochs is None or seen.first_epoch is None or seen.last_epoch is None:
        return None
    if (watched := seen.last_epoch - seen.first_epoch) <= 0:
        return None
    pace = (seen.last_at - seen.first_at) / watched
    return max(0.0, (seen.epochs - seen.last_epoch) * pace - (now - seen.last_at))


def shown(last: Mapping[str, float | None]) -> tuple[tuple[str, float], ...]:
    """Return name → value of what tells most of a line: a loss, and a validation score."""
    numbers = {name: value for name, value in last.items() if isinstance(value, (int, float))}
    losses = [name for name in numbers if name.endswith("loss") and "validation" not in name]
    scores = [name for name in numbers if "validation" in name and "loss" not in name]
    scores += [name for name in numbers if "validation" in name]
    rest = [name for name in numbers if name not in _COUNTS] if not (losses or scores) else []
    chosen = [*losses[:1], *scores[:1], *rest[:2]]
    return tuple((name, numbers[name]) for name in chosen)


_COUNTS = {"epoch", "step", "updates", "seconds", "stage", "learning_rate"}
