"""Where the runs were made, what was overridden, and the commands that make them again."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

from ablations.analysis.read.collect import Collected
from ablations.analysis.show.formats import plural
from ablations.analysis.show.text_tables import Table, text_table
from ablations.study.frozen import show
from ablations.study.schema import Study
from ablations.study.settings import flatten, short


def environment_table(collected: Collected) -> Table | None:
    """Return the distinct values of the environments of the runs that count; None without any."""
    runs = [run for run in collected.runs if run.counts]
    values: dict[str, Counter[str]] = {}
    for run in runs:
        for key, value in flatten(run.result.environment).items():
            values.setdefault(key, Counter())[short(value)] += 1
    if not values:
        return None
    return text_table(
        ("what", "value"), [(key, _distinct(values[key], len(runs))) for key in sorted(values)]
    )


def _distinct(found: Counter[str], runs: int) -> str:
    if len(found) == 1 and found.total() == runs:
        return next(iter(found))
    return "; ".join(f"{value} ({plural(found[value], 'run')})" for value in sorted(found))


def overrides_table(study: Study) -> Table | None:
    """Return what ``--set`` changed in the base; None where it changed nothing."""
    if not study.overrides:
        return None
    return text_table(("setting", "value"), [(k, short(v)) for k, v in study.overrides.items()])


def commands(name: str, study: Study) -> tuple[str, ...]:
    """Return the commands that train the study again and write its report."""
    words = ["ablations", "run", name]
    if study.seeds == tuple(range(len(study.seeds))):
        words += ["--seeds", str(len(study.seeds))]
    else:
        words += [word for seed in study.seeds for word in ("--seed", str(seed))]
    for path, value in study.overrides.items():
        words += ["--set", f"{path}={_as_written(value)}"]
    return shlex.join(words), shlex.join(["ablations", "report", name])


def _as_written(value: Any) -> str:
    return value if isinstance(value, str) else show(value)
