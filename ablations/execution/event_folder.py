"""Results that something else left as TensorBoard's event files: one folder a run."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ablations.errors import AblationsError, suggest
from ablations.execution.event_curves import LeftOut, scalars_of, write_curves
from ablations.ledger.paths import EVENTS_PREFIX, MOST_SEED_DIGITS, RunDirectory
from ablations.ledger.table import Row, wrong_arm
from ablations.telemetry import tags

PATTERN = "{arm}/seed-{seed}"
"""How the folders are named where nothing else is said."""
_PARTS = {"arm": r"(?P<arm>[^/]+)", "seed": rf"(?P<seed>\d{{1,{MOST_SEED_DIGITS}}})"}


def read_folder(
    folder: Path, pattern: str, metric: str, shares: Collection[str]
) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Return the runs below ``folder``, and the folders with event files that are none.

    A run's metrics are the last values of its scalars, by tag; ``loss`` is that of
    ``curves/loss``, as a run of ours has it, where there is no other.

    ``pattern`` is the path of a run's folder below it, ``{arm}/seed-{seed}``.  A run whose metric
    ends as NaN or infinite has diverged.  ``shares`` are metrics that are shown as a percentage
    of 1.

    Raises:
        AblationsError: no folder is named so, two are of one run, or a file is damaged; names it.
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
    rows = tuple(_row(arm, seed, files, metric) for (arm, seed), (_, files) in runs.items())
    for row in rows if metric in shares else ():
        _check_share(row.events[0].parent, metric, row.metrics.get(metric, math.nan))
    return rows, tuple(others)


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


def _row(arm: str, seed: int, files: Iterable[Path], metric: str) -> Row:
    """Return one run."""
    files = tuple(files)
    if wrong := wrong_arm(arm):
        raise AblationsError(f"{files[0].parent}: {wrong}")
    last = dict(_last_values(files))
    if metric not in last and (tag := tags.own([metric])[metric]) in last:
        last[metric] = last.pop(tag)
    if metric not in last:
        known = suggest(metric, last)
        raise AblationsError(f'{files[0].parent}: no scalar is tagged "{metric}"; {known}')
    finite = {tag: value for tag, value in last.items() if math.isfinite(value)}
    return Row(arm, seed, "completed" if metric in finite else "diverged", finite, files)


def _last_values(files: Iterable[Path]) -> Mapping[str, float]:
    """Return tag → value of the greatest step, of as great the last that was written."""
    last: dict[str, tuple[int, float]] = {}
    for step, tag, value in scalars_of(files):
        if tag not in last or step >= last[tag][0]:
            last[tag] = (step, value)
    return {tag: value for tag, (_, value) in last.items()}


def _check_share(place: Path, metric: str, value: float) -> None:
    if math.isfinite(value) and not -1 <= value <= 1:
        wanted = "expected a share, 0.972 for 97.2%, or --unit percent"
        raise AblationsError(f"{place}: {metric}: {wanted}, got {value}")
