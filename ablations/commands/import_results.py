"""``ablations import``: take results that something else produced into the ledger."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ablations.analysis.read.collect import read_record
from ablations.analysis.show.formats import listed
from ablations.errors import AblationsError, RunsDirectoryError, one_line, suggest
from ablations.execution import study_files
from ablations.execution.event_curves import MOST_POINTS, MOST_TAGS, LeftOut
from ablations.execution.event_folder import PATTERN, copy_events, read_folder
from ablations.ledger import replaced
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result, UnreadableResultError, read_result
from ablations.ledger.table import Row, read_table
from ablations.study.free_recipes import FreeRecipe
from ablations.study.metrics import METRICS
from ablations.study.schema import NAME, NAME_WANTED, Arm, DeclaredMetric, Study
from ablations.study.scores import Direction


@dataclass(frozen=True)
class Question:
    """What the results are asked."""

    study: str
    control: str
    metric: str
    better: Direction
    margin: float
    if_diverged: float | None
    unit: str = ""
    paired: bool = False
    """Whether a seed means the same for every arm; else it is only a label."""


def import_results(
    source: Path, question: Question, root: Path, pattern: str | None, replace: bool = False
) -> None:
    """Write the runs of a table or of a folder of event files, and the study that compares them.

    A source that holds more than an earlier one of the study adds to it.  With ``replace`` what it
    has otherwise takes the place of what is there, which is kept until ``ablations clean``.

    Raises:
        AblationsError: the source or the question is wrong, or the directory holds other results;
            nothing is written.
    """
    _check(question)
    if source.is_dir():
        pattern = pattern or PATTERN
        rows, others = read_folder(source, pattern, question.metric)
        why = f"they are not like {pattern}"
    elif pattern is not None:
        raise AblationsError(f"--pattern: {source} is no folder; wants one of event files")
    else:
        rows, others = read_table(source, question.metric)
        why = "they hold no number"
    runs = RunsDirectory(root)
    study = _study(source, question, rows, _earlier(runs, question.study), pattern or "")
    own = runs.study(study.study).resolve()
    if any(path.resolve().is_relative_to(own) for row in rows for path in row.events):
        raise AblationsError(f"{source}: lies in {own}; wants a folder that is not the study's own")
    there = [(row, _there(runs, study, row)) for row in rows]
    other = [row for row, result in there if result and _differs(row, result)]
    if other and not replace:
        raise AblationsError(
            f"{runs.run(study.study, other[0].arm, other[0].seed).result}: holds another result "
            "than the source; wants --replace, or another --study"
        )
    new = [row for row, result in there if result is None or _differs(row, result)]
    left_out = LeftOut()
    try:
        for row in new:
            directory = runs.run(study.study, row.arm, row.seed)
            directory.path.mkdir(parents=True, exist_ok=True)
            replaced.keep_and_clear(directory)
            copy_events(row, directory, study.metric, left_out)
            _result(study, row).write(directory.result)
    except OSError as error:
        raise RunsDirectoryError(f"{error.filename or root}: {error.strerror}") from None
    study_files.keep(study, runs)
    said = f", {len(rows) - len(new)} were there" if len(new) < len(rows) else ""
    if other:
        said = f", {len(other)} of them in place of others (kept until ablations clean){said}"
    if others:
        print(f"{source}: left out, for {why}: {', '.join(others)}")
    if left_out.tags:
        print(f"{source}: no curves of {_named(left_out.tags)}; wants at most {MOST_TAGS} tags")
    if left_out.thinned:
        print(f"{source}: curves of at most {MOST_POINTS} points: {_named(left_out.thinned)}")
    said += ", paired by seed" if question.paired else ", independent (--paired: seeds are shared)"
    print(f"{study.study}: {len(new)} runs imported{said}; ablations report {study.study}")


def _named(tags: Iterable[str]) -> str:
    return one_line(listed(list(tags), 5))


def _check(question: Question) -> None:
    if not NAME.fullmatch(question.study):
        raise AblationsError(f"--study: {NAME_WANTED.format(question.study)}")
    for option, value in (("--margin", question.margin), ("--if-diverged", question.if_diverged)):
        if value is not None and not math.isfinite(value):
            raise AblationsError(f"{option}: wants a finite number, got {value}")
    known = METRICS.get(question.metric)
    if known and known.better != question.better:
        raise AblationsError(
            f"--better {question.better}: {question.metric} is better {known.better}; "
            "wants that, or another name for the metric"
        )


def _earlier(runs: RunsDirectory, name: str) -> Study | None:
    """Return the study as an earlier import left it."""
    if not runs.record(name).is_file():
        return None
    study = read_record(runs.root, name)
    if not study.imported:
        raise AblationsError(
            f'--study {name}: {runs.study(name)} holds runs of "{study.study}" that were trained '
            "here; wants another name, or another --runs"
        )
    return study


def _study(
    source: Path, question: Question, rows: Iterable[Row], earlier: Study | None, pattern: str
) -> Study:
    names = dict.fromkeys((*(earlier.arm_names if earlier else ()), *(row.arm for row in rows)))
    seeds = {*(earlier.seeds if earlier else ()), *(row.seed for row in rows)}
    if question.control not in names:
        raise AblationsError(
            f'--control: no arm is called "{question.control}"; {suggest(question.control, names)}'
        )
    declared = DeclaredMetric(better=question.better, unit=question.unit)
    is_declared = question.metric not in METRICS or question.unit
    scored = {} if question.if_diverged is None else {question.metric: question.if_diverged}
    return Study(
        study=question.study,
        question=f"Which arm does better than {question.control} in {question.metric}?",
        base=FreeRecipe(),
        control=question.control,
        arms=tuple(
            Arm(
                name=name,
                changes={"settings.arm": name},
                recipe=FreeRecipe(settings={"arm": name}),
            )
            for name in names
        ),
        seeds=tuple(sorted(seeds)),
        metrics={question.metric: declared} if is_declared else {},
        metric=question.metric,
        margin=question.margin,
        if_diverged=scored,
        replicates="paired" if question.paired else "independent",
        file=str(source),
        imported=True,
        pattern=pattern,
    )


def _result(study: Study, row: Row) -> Result:
    return Result(
        study=study.study,
        arm=row.arm,
        seed=row.seed,
        status=row.status,
        reason="" if row.status == "completed" else f"{row.status}, as its source says",
        fingerprint=fingerprint(study.arm(row.arm).recipe, row.seed, ""),
        metrics=row.metrics,
    )


def _there(runs: RunsDirectory, study: Study, row: Row) -> Result | None:
    """Return the result of the run that is on disk; None where there is none.

    Raises:
        AblationsError: it cannot be read.
    """
    path = runs.run(study.study, row.arm, row.seed).result
    if not path.exists():
        return None
    try:
        return read_result(path)
    except UnreadableResultError as error:
        raise AblationsError(f"{path}: {error}; wants another --study, or this removed") from None


def _differs(row: Row, result: Result) -> bool:
    return (result.status, dict(result.metrics)) != (row.status, dict(row.metrics))
