"""At how many seeds a study is judged, and what was seen before: ``runs/<study>/looks.json``.

A look is judged once and written down, so that a study goes on where it stopped and what left
stays away.  It stands while the study compares the same arms: under other recipes, another control
or another metric its record is kept, and says nothing.  One that the study had not declared stands
as long as any of its arms is compared with the same control: it was seen, whatever arms were added.
It says nothing of a comparison under other seeds, to which it is a pilot.

A look also says what was asked at the time.  Where some of the same runs were asked something else
(another margin, metric, control or set of arms), ``Looks.changes`` says what, for the page to name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ablations.errors import AblationsError, RunsDirectoryError
from ablations.files import read_bounded, write_atomically
from ablations.ledger.changes import Changes, changes_since
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import alone
from ablations.study.budgets import MOST_SEEDS
from ablations.study.expand import Run
from ablations.study.schema import Study

MOST_RECORD_BYTES = 10_000_000

SCHEMA_VERSION: Final = 1
Reason = Literal["better", "worse", "equivalent", "futile"]
"""Why an arm leaves; one that is futile has no verdict, and is not likely to get one."""


class Look(BaseModel):
    """One look at a study."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    seeds: tuple[int, ...]
    """Those that the arms which had not left were trained with by then."""
    at: str
    """When, in ISO 8601."""
    comparison: str
    """A hash of what was compared; see ``_digest``."""
    arms: Mapping[str, str] = {}
    """Arm → a hash of its recipe; empty in records of before 0.6."""
    control: str = ""
    metric: str = ""
    margin: float | None = None
    """None in older records."""
    correction: str = ""
    replicates: str = ""
    """Empty in older records."""
    weight: float | None = None
    """The share of the error that it spent; None where the study had not declared it."""
    left: Mapping[str, Reason] = {}
    """Arm that left at this look → why."""

    @property
    def question(self) -> tuple[object, ...]:
        """All that was asked: two looks with equal ones show the same."""
        asked = (self.margin, self.correction, self.replicates)
        return (self.comparison, self.seeds, self.weight, *asked)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_version: Literal[1] = Field(SCHEMA_VERSION, alias="schema")
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS)] | None = None
    """How many ``--seeds`` declared for this directory; None where the study file does."""
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True)
class Looks:
    """The looks at a study that stand."""

    study: Study
    path: Path
    """The file that keeps them."""
    taken: tuple[Look, ...] = ()
    """Those of the study's declared looks that were taken, the first ones."""
    undeclared: tuple[Look, ...] = ()
    """At runs that were complete at fewer seeds than later; no rule divided the error for them."""
    changes: Changes | None = None
    """Differences from earlier questions to some of the same runs; None without any."""

    @cached_property
    def left(self) -> Mapping[str, Look]:
        """Arm → the look at which it left."""
        return {arm: look for look in self.taken for arm in look.left}

    @cached_property
    def over(self) -> bool:
        """Whether no look is to come: all were taken, or no arm is left to compare."""
        others = {arm for arm in self.study.arm_names if arm != self.study.control}
        none_is_left = bool(self.taken) and others <= self.left.keys()
        return none_is_left or len(self.taken) == len(self.study.looks)

    @property
    def next_seeds(self) -> tuple[int, ...]:
        """The seeds of the look to come; those of the last one where none is."""
        if self.over:
            return self.taken[-1].seeds if self.taken else self.study.seeds
        return self.study.seeds[: self.study.looks[len(self.taken)]]

    def seeds_of(self, arm: str) -> tuple[int, ...]:
        """Return the seeds that ``arm`` is compared at: all, or those up to where it left.

        The control is trained while any arm is compared.
        """
        if arm in self.left:
            return self.left[arm].seeds
        return self.next_seeds if self.over else self.study.seeds

    def wants(self, run: Run) -> bool:
        """Whether a run of the comparison is one that will count."""
        return run.seed in self.seeds_of(run.arm)

    def next_wants(self, run: Run) -> bool:
        """Whether a run is one that the look to come judges, or will count where none is."""
        return self.wants(run) and run.seed in self.next_seeds


def _digest(study: Study, arms: Mapping[str, str]) -> str:
    """Hash what a study compares: its arms' recipes, its control and its metric."""
    content = {"arms": arms, "control": study.control, "metric": study.metric}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _arms(study: Study) -> dict[str, str]:
    return {arm.name: fingerprint(arm.recipe, 0, "") for arm in study.arms}


def _stands(look: Look, study: Study, arms: Mapping[str, str]) -> bool:
    """Whether a look is one at what the study compares now."""
    same_arms = look.comparison == _digest(study, arms)
    if look.weight is not None:
        return same_arms
    same_seeds = not set(study.seeds).isdisjoint(look.seeds)
    return same_seeds and (same_arms or _was_seen(look, study, arms))


def _was_seen(look: Look, study: Study, arms: Mapping[str, str]) -> bool:
    """Whether an undeclared look showed how an arm stands to the control, as both are now."""
    if (look.control, look.metric) != (study.control, study.metric):
        return False
    same = {name for name, digest in arms.items() if look.arms.get(name) == digest}
    return study.control in same and len(same) > 1


def read_looks(study: Study, path: Path) -> Looks:
    """Return the looks in ``path`` that stand for a study, its arms at what their searches chose.

    Of two processes that took the same look at once, the first counts: both saw the same.

    Raises:
        AblationsError: the record cannot be read, or the study declares other looks than those
            that were begun.
    """
    looks, arms = _read(path).looks, _arms(study)
    changes = changes_since(looks, study, arms)
    found = [each for each in looks if _stands(each, study, arms)]
    standing = list({(look.seeds, look.weight): look for look in reversed(found)}.values())[::-1]
    if not study.looks:
        return Looks(study, path, (), tuple(standing), changes)
    taken = tuple(look for look in standing if look.weight is not None)
    for look, seeds, weight in zip(taken, study.looks, study.look_weights, strict=False):
        if (look.seeds, look.weight) != (study.seeds[:seeds], weight):
            same = (len(look.seeds), look.weight) == (seeds, weight)
            now = "other seeds" if same else f"{seeds} with {weight:g}"
            raise AblationsError(
                f"{study.study}: the look at {len(look.seeds)} seeds was taken with weight "
                f"{look.weight:g}, and the study now declares {now}; "
                "wants the looks that were begun, or another directory (--runs)"
            )
    undeclared = tuple(look for look in standing if look.weight is None)
    return Looks(study, path, taken[: len(study.looks)], undeclared, changes)


def record_look(
    looks: Looks,
    seeds: tuple[int, ...],
    weight: float | None = None,
    left: Mapping[str, Reason] | None = None,
) -> Looks:
    """Add a look to the study's record, and return the looks with it.

    Raises:
        AblationsError: the record cannot be read or written.
    """
    _change(looks.path, lambda record: _with(record, _look(looks.study, seeds, weight, left)))
    return read_looks(looks.study, looks.path)


def record_shown(looks: Looks, seeds: tuple[int, ...]) -> None:
    """Note what complete runs at some seeds are asked, unless the very same was noted before.

    They are there to be seen without a report: TensorBoard and the runs themselves show them.  Of
    declared looks the last that was taken shows its verdicts.

    Raises:
        AblationsError: the record cannot be read or written.
    """
    last = looks.taken[-1] if looks.taken else Look(seeds=seeds, at="", comparison="")
    look = _look(looks.study, last.seeds, last.weight, last.left)

    def noted(record: _Record) -> _Record:
        known = any(each.question == look.question for each in record.looks)
        return record if known else _with(record, look)

    _change(looks.path, noted)


def _look(
    study: Study,
    seeds: tuple[int, ...],
    weight: float | None,
    left: Mapping[str, Reason] | None,
) -> Look:
    """Return a look at a study, now."""
    arms = _arms(study)
    return Look(
        seeds=seeds,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        comparison=_digest(study, arms),
        arms=arms,
        control=study.control,
        metric=study.metric,
        margin=study.margin,
        correction=study.correction,
        replicates=study.replicates,
        weight=weight,
        left=left or {},
    )


def _with(record: _Record, look: Look) -> _Record:
    return record.model_copy(update={"looks": (*record.looks, look)})


def declared_seeds(path: Path) -> int | None:
    """Return how many seeds ``--seeds`` declared for the directory; None where it did not.

    Raises:
        AblationsError: the record cannot be read.
    """
    return _read(path).seeds


def declare_seeds(path: Path, count: int) -> None:
    """Keep how many seeds the directory's study has, whatever its file says; never fewer again.

    Raises:
        AblationsError: the record cannot be read or written.
    """
    _change(path, lambda record: record.model_copy(update={"seeds": max(count, record.seeds or 0)}))


def _change(path: Path, change: Callable[[_Record], _Record]) -> None:
    """Change the record as it is on disk, and keep what other processes write there meanwhile."""
    before = _read(path)
    if change(before) == before:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path):
            record = change(_read(path))
            content = json.dumps(record.model_dump(by_alias=True), indent=2, allow_nan=False)
            write_atomically(path, content + "\n")
    except OSError as error:
        raise RunsDirectoryError(
            f"{path}: {error.strerror}; wants a file that can be written"
        ) from None


def _read(path: Path) -> _Record:
    try:
        return _Record.model_validate_json(read_bounded(path, MOST_RECORD_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return _Record()
    except OSError as error:
        raise AblationsError(f"{path}: not readable: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise AblationsError(
            f"{path}: not a record of looks: {problem}; wants what run wrote there"
        ) from None
