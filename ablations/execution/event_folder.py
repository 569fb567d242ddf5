"""Results that something else left as TensorBoard's event files: one folder a run."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ablations.errors import AblationsError, suggest
from ablations.execution.attempts import Attempt, UnreadableEventsError, newest_attempt
from ablations.execution.event_curves import LeftOut, tags_of, write_curves
from ablations.ledger.kept_metrics import MOST_NAMED, kept_metrics
from ablations.ledger.paths import EVENTS_PREFIX, MOST_SEED_DIGITS, RunDirectory
from ablations.ledger.records import Status
from ablations.ledger.table import Read, Row, wrong_arm
from ablations.study.budgets import MOST_RUNS, too_many

PATTERN = "{arm}/seed-{seed}"
"""How the folders are named where nothing else is said."""
_PARTS = {"arm": r"(?P<arm>[^/]+)", "seed": rf"(?P<seed>\d{{1,{MOST_SEED_DIGITS}}})"}


def read_folder(folder: Path, pattern: str, metric: str, shares: Collection[str]) -> Read:
    """Return the runs below ``folder``.

    A run's metrics are the last values of its scalars, by tag; ``loss`` is that of
    ``curves/loss``, as a run of ours has it, where there is no other.  Of a run that was restarted
    the newest attempt counts.  A run with a damaged file, or without the metric, is left out.

    ``pattern`` is the path of a run's folder below it, ``{arm}/seed-{seed}``.  A run whose metric
    ends as NaN or infinite has diverged.  ``shares`` are metrics that are shown as a percentage
    of 1.

    Raises:
        AblationsError: no folder is named so, two are of one run, or none can be read; names it.
    """
    named = _compiled(pattern)
    runs: dict[tuple[str, int], tuple[Path, list[Path]]] = {}
    others: dict[str, None] = {}
    for path in sorted(folder.rglob(f"{EVENTS_PREFIX}*")):
        place = path.parent.relative_to(folder).as_posix()
        found = named.fullmatch(place)
        if found is None or not path.is_file():
            others[place] = None
            continue
        key = (found["arm"], int(found["seed"]))
        where, files = runs.setdefault(key, (path.parent, []))
        if where != path.parent:
            raise AblationsError(f"{path.parent}: is {key[0]}, seed {key[1]}, as {where} is")
        files.append(path)
    if not runs:
        there = f"; there are {', '.join(list(others)[:3])}" if others else ""
        raise AblationsError(f"{folder}: no event file in a folder like {pattern}{there}")
    if len(runs) > MOST_RUNS:
        raise AblationsError(f"{folder}: {too_many('runs', len(runs), MOST_RUNS)}")
    rows: list[Row] = []
    unread: list[AblationsError] = []
    given_up: list[Path] = []
    for (arm, seed), (_, files) in runs.items():
        try:
            attempt = newest_attempt(files, tags_of(metric))
            rows.append(_row(arm, seed, attempt, metric))
            given_up += attempt.left_out
        except (UnreadableEventsError, _NoMetricError) as error:
            unread.append(error)
    if not rows:
        raise unread[0]
    said = [f"left out, for they are not like {pattern}: {', '.join(others)}"] if others else []
    said += [f"left out: {error}" for error in unread]
    lost = [f"{row.arm}, seed {row.seed}: {note}" for row in rows for note in row.notes]
    if lost:
        said.append(f"{'; '.join(lost[:MOST_NAMED])}{_and_more(lost)}")
    if given_up:
        said.append(f"left out, of attempts before a restart: {_listed(given_up, folder)}")
    for row in rows if metric in shares else ():
        _check_share(row.events[0].parent, metric, row.metrics.get(metric, math.nan))
    return Read(tuple(rows), tuple(said))


def _listed(paths: Sequence[Path], folder: Path) -> str:
    names = [path.relative_to(folder).as_posix() for path in paths]
    return f"{', '.join(names[:MOST_NAMED])}{_and_more(names)}"


def _and_more(names: Sequence[str]) -> str:
    return f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""


class _NoMetricError(AblationsError):
    """A run has no scalar of the metric."""


def copy_events(row: Row, directory: RunDirectory, metric: str, left_out: LeftOut) -> None:
    """Put a run's event files into its directory, where TensorBoard shows them, and its curves."""
    for source in row.events:
        shutil.copyfile(source, directory.path / source.name)
    if row.events:
        write_curves(row.events, metric, directory, left_out)


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(arm|seed)\}", pattern.strip("/"))
    if sorted(parts[1::2]) != ["arm", "seed"]:
        raise AblationsError(
            f'--pattern "{pattern}": wants {{arm}} and {{seed}}, once each, such as {PATTERN}'
        )
    words = [_PARTS[part] if n % 2 else re.escape(part) for n, part in enumerate(parts)]
    return re.compile("".join(words))


def _row(arm: str, seed: int, attempt: Attempt, metric: str) -> Row:
    """Return one run."""
    place = attempt.files[0].parent
    if wrong := wrong_arm(arm):
        raise AblationsError(f"{place}: {wrong}")
    last = dict(_last_values(attempt))
    tag = next((tag for tag in tags_of(metric) if tag in last), None)
    if tag is None:
        raise _NoMetricError(f'{place}: no scalar is tagged "{metric}"; {suggest(metric, last)}')
    last[metric] = last.pop(tag)
    step, _ = last[metric]
    ends = {tag: value for tag, (_, value) in last.items()}
    kept, divergence, notes = kept_metrics(ends, metric)
    status: Status = "diverged" if divergence else "completed"
    return Row(arm, seed, status, kept, attempt.files, step, divergence, notes)


def _last_values(attempt: Attempt) -> Mapping[str, tuple[int, float]]:
    """Return tag → the greatest step and its value, of as great the last that was written."""
    last: dict[str, tuple[int, float]] = {}
    for step, tag, value in attempt.scalars():
        if tag not in last or step >= last[tag][0]:
            last[tag] = (step, value)
    return last


def _check_share(place: Path, metric: str, value: float) -> None:
    if math.isfinite(value) and not -1 <= value <= 1:
        wanted = "expected a share, 0.972 for 97.2%, or --unit percent"
        raise AblationsError(f"{place}: {metric}: {wanted}, got {value}")
