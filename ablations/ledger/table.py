"""A table of results that something else produced: ``arm,seed[,status],<metric>…`` in CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, cast, get_args

from ablations.errors import AblationsError, Problem, StudyError, one_line, suggest
from ablations.files import is_number, read_bounded
from ablations.ledger.kept_metrics import MOST_NAMED, can_be_kept
from ablations.ledger.paths import MOST_SEED_DIGITS
from ablations.ledger.records import MOST_METRIC, Status
from ablations.study.budgets import MOST_RUNS, MOST_SEED
from ablations.study.frozen import show
from ablations.study.metrics import METRICS
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
    last_step: int | None = None
    """The last step at which those hold the metric; None of a table's row."""
    reason: str = ""
    """Why it diverged, where its status does not say so."""
    notes: tuple[str, ...] = ()
    """On its other numbers that were left out."""


class Read(NamedTuple):
    """What a source of results holds."""

    rows: tuple[Row, ...]
    left_out: tuple[str, ...]
    """Lines on what was not read of it, and why."""


def read_table(path: Path, metric: str) -> Read:
    """Return the runs of a table, in its order.

    A completed run has ``metric``; where that is NaN or infinite the run diverged.  A cell of
    another column that holds no finite number is left out, and so is a column without any number.

    Raises:
        AblationsError: the file cannot be read, or is no such table.
        StudyError: rows are wrong; names them all, with their lines and columns.
    """
    try:
        text = read_bounded(path, SIZE_BUDGET).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        columns = [name.strip() for name in next(reader, [])]
        lines = [
            (reader.line_num, fields) for fields in islice(filter(None, reader), MOST_RUNS + 1)
        ]
    except OSError as error:
        raise AblationsError(f"{path}: {error.strerror}; wants a table in CSV") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AblationsError(f"{path}: not a table in CSV: {error}; wants UTF-8") from None
    _check_columns(path, columns, metric)
    if not lines:
        raise AblationsError(f"{path}: holds no runs; wants a line for each")
    if len(lines) > MOST_RUNS:
        raise AblationsError(f"{path}: more than {MOST_RUNS} runs; wants at most {MOST_RUNS}")
    texts = _of_text(columns, [fields for _, fields in lines], metric)
    reading = _Reading(str(path), columns, metric, tuple(texts))
    rows = [row for line, fields in lines if (row := reading.row(line, fields))]
    if reading.problems:
        raise StudyError(reading.problems)
    unread = [f"{name}{_as_number(texts[name])}" for name in texts]
    said = [f"left out, for they hold no number: {', '.join(unread)}"] if unread else []
    return Read(tuple(rows), (*said, *reading.left_out()))


def _of_text(columns: Sequence[str], lines: Sequence[Sequence[str]], metric: str) -> dict[str, str]:
    """Return the columns that hold something, and no number, beside what a table must have.

    Each with its first text.
    """
    found = {}
    for place, name in enumerate(columns):
        texts = [fields[place].strip() for fields in lines if place < len(fields)]
        texts = [text for text in texts if text]
        if name not in (ARM, SEED, STATUS, metric) and texts and not any(map(is_number, texts)):
            found[name] = texts[0]
    return found


def _as_number(text: str) -> str:
    """Return how a number that is written in another way should be; empty of other text."""
    if text.endswith("%") and is_number(text[:-1]):
        return f" ({one_line(text)} has a percent sign; wants {float(text[:-1]) / 100:.10g})"
    if text.count(",") == 1 and is_number(text.replace(",", ".")):
        return f" ({one_line(text)} has a decimal comma; wants {text.replace(',', '.')})"
    return ""


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
        self, file: str, columns: Sequence[str], metric: str, ignored: Sequence[str]
    ) -> None:
        self.file, self.columns, self.metric = file, columns, metric
        self._ignored = {ARM, SEED, STATUS, *ignored}
        self._huge = 0  # of all values that are too large the first is a problem
        self._unread: dict[str, list[tuple[int, str]]] = {}
        self._diverged: list[tuple[int, str]] = []
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
        status, reason = _status(texts), ""
        if status == "completed" and not math.isfinite(float(texts[self.metric])):
            status, reason = "diverged", f"{self.metric} is {float(texts[self.metric]):g}"
            self._diverged.append((line, texts[self.metric]))
        metrics, notes = {}, []
        for name in self._measured(texts):
            if _is_read(name, texts[name]):
                metrics[name] = float(texts[name])
            elif name != self.metric:
                self._unread.setdefault(name, []).append((line, texts[name]))
                notes.append(f"{one_line(name)} is {one_line(texts[name])}: left out")
        return Row(texts[ARM], int(texts[SEED]), status, metrics, reason=reason, notes=tuple(notes))

    def left_out(self) -> Iterator[str]:
        """Yield a line for each column with cells that were not read, and for diverged runs."""
        if self._diverged:
            yield f"diverged, as {self.metric} is not finite: {_cells(self._diverged)}"
        for name, cells in self._unread.items():
            yield (
                f"column {one_line(name)}: left out, as no number that can be shown: "
                f"{_cells(cells)}{_as_number(cells[0][1])}"
            )

    def _measured(self, texts: Mapping[str, str]) -> list[str]:
        return [name for name in self.columns if name not in self._ignored and texts[name]]

    def _wrong(self, line: int, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield column and message of all that is wrong with a row."""
        arm, seed, status = texts[ARM], texts[SEED], texts.get(STATUS) or "completed"
        if wrong := wrong_arm(arm):
            yield ARM, wrong
        digits = seed.isascii() and seed.isdigit() and len(seed) <= MOST_SEED_DIGITS
        if not (digits and int(seed) <= MOST_SEED):
            yield SEED, f"wants a whole number ≥ 0, got {show(seed)}"
        elif (first := self._first.setdefault((arm, int(seed)), line)) != line:
            yield SEED, f"{arm} has seed {int(seed)} twice; line {first} is the other"
        if status not in _STATES:
            yield STATUS, f'unknown status "{status}"; {suggest(status, _STATES)}'
        elif status == "completed" and not texts[self.metric]:
            yield self.metric, "missing; wants a number, or the status diverged or failed"
        elif texts[self.metric] and (message := self._wrong_metric(texts)):
            yield self.metric, message

    def _wrong_metric(self, texts: Mapping[str, str]) -> str:
        """Return what is wrong with the metric that answers the study; empty where nothing is."""
        text = texts[self.metric]
        if not is_number(text):
            return f"wants a number, got {show(text)}{_as_number(text)}"
        value = float(text)
        if texts.get(STATUS) == "completed" and not math.isfinite(value):
            return f"wants a finite number of a completed run, got {text}"
        if math.isfinite(value) and not can_be_kept(value):
            self._huge += 1
            wanted = f"wants a number of at most {MOST_METRIC:g}, got {text}"
            return wanted if self._huge == 1 else ""
        return _wrong_number(self.metric, text) if math.isfinite(value) else ""


def wrong_arm(arm: str) -> str:
    """Return what is wrong with an arm's name; empty where nothing is."""
    if not NAME.fullmatch(arm):
        return NAME_WANTED.format(show(arm))
    return f'"{arm}" is taken by the runs directory' if arm.lower() in RESERVED_ARMS else ""


def _status(texts: Mapping[str, str]) -> Status:
    return cast(Status, texts.get(STATUS) or "completed")


def _is_read(metric: str, text: str) -> bool:
    """Return whether a cell holds a number that can be a value of the metric."""
    if not (is_number(text) and can_be_kept(float(text))):
        return False
    return not _wrong_number(metric, text)


def _cells(cells: Sequence[tuple[int, str]]) -> str:
    """Return ``line 4 (nan), line 9 (auto) and 3 more``."""
    named = ", ".join(f"line {line} ({one_line(text)})" for line, text in cells[:MOST_NAMED])
    more = f" and {len(cells) - MOST_NAMED} more" if len(cells) > MOST_NAMED else ""
    return f"{named}{more}"


def _wrong_number(metric: str, text: str) -> str:
    """Return what is wrong with a metric's finite value; empty where nothing is."""
    value = float(text)
    known = METRICS.get(metric)
    if known and known.percent and not -1 <= value <= 1:
        return f"wants a share, 0.972 for 97.2%, got {text}"
    return ""
