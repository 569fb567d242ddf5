"""Results of before: a ``results.csv``, the folder of a report, or another runs directory."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ablations.analysis.read.collect import Collected, collect, read_record
from ablations.errors import AblationsError, suggest
from ablations.files import read_bounded
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.table import ARM, SEED, SIZE_BUDGET, STATUS
from ablations.study.frozen import show

TABLE, STALE, DATA = "results.csv", "stale", "data"


@dataclass(frozen=True)
class EarlierArm:
    """What the runs of one arm scored."""

    values: Mapping[int, float]
    """Seed → metric, of the completed runs."""
    diverged: frozenset[int]
    """Seeds."""


def read_earlier(path: Path, now: Collected) -> dict[str, EarlierArm]:
    """Return what each arm scored before, by the metric of the study as it stands.

    ``path`` is a table with the columns of ``results.csv`` (``arm``, ``seed`` and the metric are
    enough), the folder of a report or of reports, or a runs directory.

    Raises:
        AblationsError: it is none of them, or holds nothing of the study, or was trained on other
            data.
    """
    name = now.study.study
    for table in (path, path / TABLE, path / name / TABLE):
        if table.is_file():
            return _of_table(table, now)
    for root in (path, path.parent):
        if RunsDirectory(root).record(name).is_file() and (root == path or path.name == name):
            return _of_runs(root, now)
    raise AblationsError(
        f"--against {path}: wants a {TABLE}, the folder of a report, or a runs directory that "
        f"holds {name}"
    )


def _of_runs(path: Path, now: Collected) -> dict[str, EarlierArm]:
    study = read_record(path, now.study.study)
    before = collect(path, study.study)
    for arm in study.arm_names:
        there = {run.seed: run.result.data_digest for run in before.of_arm(arm)}
        _check_same_data(path, now, there, arm)
    metric = now.study.metric
    return {
        arm: EarlierArm(before.values(arm, metric), frozenset(before.diverged_seeds(arm)))
        for arm in study.arm_names
        if before.of_arm(arm)
    }


def _check_same_data(path: Path, now: Collected, there: Mapping[int, str], arm: str) -> None:
    """Refuse runs of other data; ``there`` is seed → digest of the data, where it is known."""
    for run in now.of_arm(arm):
        if there.get(run.seed, run.result.data_digest) != run.result.data_digest:
            raise AblationsError(
                f"--against {path}: {arm}, seed {run.seed}, learned from other data there; wants "
                "runs on the same"
            )


def _of_table(path: Path, now: Collected) -> dict[str, EarlierArm]:
    try:
        text = read_bounded(path, SIZE_BUDGET).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise AblationsError(f"--against {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AblationsError(f"--against {path}: not a table in CSV: {error}") from None
    columns, metric = list(reader.fieldnames or ()), now.study.metric
    for wanted in (ARM, SEED, metric):
        if wanted not in columns:
            raise AblationsError(
                f'--against {path}: no column "{wanted}"; {suggest(wanted, columns)}'
            )
    values: dict[str, dict[int, float]] = {}
    diverged: dict[str, set[int]] = {}
    digests: dict[str, dict[int, str]] = {}
    for line, row in rows:
        status = row.get(STATUS) or "completed"
        if row.get(STALE) == "true" or status not in ("completed", "diverged"):
            continue
        arm, where = row[ARM] or "", f"--against {path}:{line}"
        seed = _seed(row[SEED] or "", where)
        if seed in values.get(arm, {}) or seed in diverged.get(arm, set()):
            raise AblationsError(f"{where}: {arm} has seed {seed} twice")
        if row.get(DATA):
            digests.setdefault(arm, {})[seed] = row[DATA] or ""
        if status == "diverged":
            diverged.setdefault(arm, set()).add(seed)
        elif row[metric]:
            values.setdefault(arm, {})[seed] = _number(row[metric] or "", f"{where}: {metric}")
    for arm, there in digests.items():
        _check_same_data(path, now, there, arm)
    return {
        arm: EarlierArm(values.get(arm, {}), frozenset(diverged.get(arm, ())))
        for arm in {**values, **diverged}
    }


def _seed(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise AblationsError(f"{where}: seed: wants a whole number ≥ 0, got {show(text)}")
    return int(text)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise AblationsError(f"{where}: wants a finite number, got {show(text)}")
    return value
