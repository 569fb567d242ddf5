"""A table of results that something else produced: ``arm,seed[,status],<metric>…`` in CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from ablations.errors import AblationsError, Problem, StudyError, suggest
from ablations.files import is_number, read_bounded
from ablations.ledger.paths import MOST_SEED_DIGITS
from ablations.ledger.records import Status
from ablations.study.frozen import show
from ablations.study.schema import NAME, NAME_WANTED
from ablations.study.study_file import RESERVED_ARMS

ARM, SEED, STATUS = "arm", "seed", "status"
SIZE_BUDGET = 64 * 1024**2
_STATES = get_args(Status)


@dataclass(frozen=True)
class Row:
    """One run."""

    arm: str
    seed: int
    status: Status
    metrics: Mapping[str, float]
    """Those that the row holds, finite."""
    events: tuple[Path, ...] = ()
    """The event files that they come from, of one folder."""


def read_table(
    path: Path, metric: str, shares: Collection[str]
) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Return the runs of a table, in its order, and the columns that hold no number at all.

    A completed run has ``metric``.  ``shares`` are metrics that are shown as a percentage of 1.

    Raises:
        AblationsError: the file cannot be read, or is no such table.
        StudyError: rows are wrong; names them all, with their lines and columns.
    """
    try:
        text = read_bounded(path, SIZE_BUDGET).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        columns = [name.strip() for name in next(reader, [])]
        lines = [(reader.line_num, fields) for fields in reader if fields]
    except OSError as error:
        raise AblationsError(f"{path}: {error.strerror}; wants a table in CSV") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AblationsError(f"{path}: not a table in CSV: {error}; wants UTF-8") from None
    _check_columns(path, columns, metric)
    if not lines:
        raise AblationsError(f"{path}: holds no runs; wants a line for each")
    texts = _of_text(columns, [fields for _, fields in lines], metric)
    reading = _Reading(str(path), columns, metric, texts, shares)
    rows = [row for line, fields in lines if (row := reading.row(line, fields))]
    if reading.problems:
        raise StudyError(reading.problems)
    return tuple(rows), texts


def _of_text(
    columns: Sequence[str], lines: Sequence[Sequence[str]], metric: str
) -> tuple[str, ...]:
    """Return the columns that hold something, and no number, beside what a table must have."""
    found = []
    for place, name in enumerate(columns):
        texts = [fields[place].strip() for fields in lines if place < len(fields)]
        texts = [text for text in texts if text]
        if name not in (ARM, SEED, STATUS, metric) and texts and not any(map(is_number, texts)):
            found.append(name)
    return tuple(found)


def _check_columns(path: Path, columns: Sequence[str], metric: str) -> None:
    wanted = "wants a first line arm,seed[,status],<metric>…"
    for name in (ARM, SEED):
        if name not in columns:
            raise AblationsError(f'{path}:1: no column "{name}"; {wanted}')
    for name in columns:
        if not name or columns.count(name) > 1:
            what = f'two columns are called "{name}"' if name else "a column without a name"
            raise AblationsError(f"{path}:1: {what}; {wanted}")
    measured = [name for name in columns if name not in (ARM, SEED, STATUS)]
    if metric not in measured:
        raise AblationsError(f'{path}:1: no metric "{metric}"; {suggest(metric, measured)}')


class _Reading:
    """Reads one row after the other and keeps what is wrong with them."""

    def __init__(
        self,
        file: str,
        columns: Sequence[str],
        metric: str,
        ignored: Sequence[str],
        shares: Collection[str],
    ) -> None:
        self.file, self.columns, self.metric, self.shares = file, columns, metric, shares
        self._ignored = (ARM, SEED, STATUS, *ignored)
        self.problems: list[Problem] = []
        self._first: dict[tuple[str, int], int] = {}

    def row(self, line: int, fields: Sequence[str]) -> Row | None:
        """Return one row; None, with what is wrong kept, where it is none."""
        if len(fields) != len(self.columns):
            message = f"{len(fields)} fields; wants {len(self.columns)}, as the first line has"
            self.problems.append(Problem(self.file, line, 1, "", message))
            return None
        texts = dict(zip(self.columns, (field.strip() for field in fields), strict=True))
        found = list(self._wrong(line, texts))
        for column, message in found:
            place = self.columns.index(column) + 1
            self.problems.append(Problem(self.file, line, place, column, message))
        if found:
            return None
        metrics = {name: float(texts[name]) for name in self._measured(texts)}
        return Row(texts[ARM], int(texts[SEED]), _status(texts), metrics)

    def _measured(self, texts: Mapping[str, str]) -> list[str]:
        return [name for name in self.columns if name not in self._ignored and texts[name]]

    def _wrong(self, line: int, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield column and message of all that is wrong with a row."""
        arm, seed, status = texts[ARM], texts[SEED], texts.get(STATUS) or "completed"
        if wrong := wrong_arm(arm):
            yield ARM, wrong
        if not (seed.isascii() and seed.isdigit() and len(seed) <= MOST_SEED_DIGITS):
            yield SEED, f"wants a whole number ≥ 0, got {show(seed)}"
        elif (first := self._first.setdefault((arm, int(seed)), line)) != line:
            yield SEED, f"{arm} has seed {int(seed)} twice; line {first} is the other"
        if status not in _STATES:
            yield STATUS, f'unknown status "{status}"; {suggest(status, _STATES)}'
        elif status == "completed" and not texts[self.metric]:
            yield self.metric, "missing; wants a number, or the status diverged or failed"
        for name in self._measured(texts):
            if message := _wrong_number(texts[name], name in self.shares, name == self.metric):
                yield name, message


def wrong_arm(arm: str) -> str:
    """Return what is wrong with an arm's name; empty where nothing is."""
    if not NAME.fullmatch(arm):
        return NAME_WANTED.format(show(arm))
    return f'"{arm}" is taken by the runs directory' if arm.lower() in RESERVED_ARMS else ""


def _status(texts: Mapping[str, str]) -> Status:
    return cast(Status, texts.get(STATUS) or "completed")


def _wrong_number(text: str, is_share: bool, judged: bool) -> str:
    """Return what is wrong with a metric's value; empty where nothing is."""
    if not is_number(text):
        return f"wants a number, got {show(text)}"
    value = float(text)
    if not math.isfinite(value):
        return f"wants a finite number, got {text}; leave it empty where the status is diverged"
    if is_share and not -1 <= value <= 1:
        percent = ", or --unit percent" if judged else ""
        return f"expected a share, 0.972 for 97.2%{percent}, got {text}"
    return ""
