"""``ablations import``: take results that something else produced into the ledger."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.analysis.infer.early_ends import early_ends
from ablations.analysis.read.collect import read_record
from ablations.analysis.show.cautions import early_sentences
from ablations.analysis.show.formats import listed
from ablations.commands.looks import note_shown
from ablations.errors import AblationsError, RunsDirectoryError, one_line, suggest
from ablations.execution import study_files
from ablations.execution.event_curves import MOST_POINTS, MOST_TAGS, LeftOut
from ablations.execution.event_folder import PATTERN, copy_events, read_folder
from ablations.execution.storage import existing_above
from ablations.ledger import replaced
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunDirectory, RunsDirectory, seed_of
from ablations.ledger.records import Result, UnreadableResultError, read_result
from ablations.ledger.table import Row, read_table
from ablations.study.budgets import MOST_ARMS, MOST_RUNS, MOST_SEEDS, too_many
from ablations.study.declared_metrics import metrics_of
from ablations.study.expand import SEED_PREFIX
from ablations.study.free_recipes import FreeRecipe
from ablations.study.metrics import METRICS
from ablations.study.schema import NAME, NAME_WANTED, Arm, DeclaredMetric, Study
from ablations.study.scores import Direction

SAYS = "{}, as its source says"


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

    A source that holds more than an earlier one of the study adds to it.  With ``replace`` the
    study is what the source holds, no more: what is there otherwise is kept until ``ablations
    clean``.  The study is recorded before its runs, so that an interrupted import can be seen and
    repeated.

    Raises:
        AblationsError: the source or the question is wrong, or the directory holds other results;
            nothing is written.
    """
    _check(question)
    known = metrics_of([FreeRecipe()], _declared(question))
    shares = {name for name, metric in known.items() if metric.percent}
    if source.is_dir():
        pattern = pattern or PATTERN
        rows, left_out = read_folder(source, pattern, question.metric, shares)
    elif pattern is not None:
        raise AblationsError(f"--pattern: {source} is no folder; wants one of event files")
    else:
        rows, left_out = read_table(source, question.metric, shares)
    runs = RunsDirectory(root)
    existing_above(root)
    earlier = _earlier(runs, question.study)

    def asked(earlier: Study | None) -> Study:
        kept = None if replace else earlier
        return _study(source, question, rows, kept, pattern or "", left_out)

    study = asked(earlier)
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
    gone = _gone(earlier, rows, runs) if replace and earlier else []
    places = [(row, runs.run(study.study, row.arm, row.seed)) for row in new]
    writing = [(row, directory, _result(study, row)) for row, directory in places]
    without = LeftOut()
    with study_files.alone_with(study.study, runs):  # with what another import has added meanwhile
        study_files.keep(asked(_earlier(runs, question.study)), runs)
    try:
        for row, directory, result in writing:
            directory.path.mkdir(parents=True, exist_ok=True)
            replaced.keep_and_clear(directory)
            copy_events(row, directory, study.metric, without)
            result.write(directory.result)
        for directory in gone:
            replaced.keep_and_clear(directory)
            shutil.rmtree(directory.path)
    except OSError as error:
        raise RunsDirectoryError(f"{error.filename or root}: {error.strerror}") from None
    note_shown(root, study.study)
    said = f", {len(rows) - len(new)} were there" if len(new) < len(rows) else ""
    if other:
        said = f", {len(other)} of them in place of others (kept until ablations clean){said}"
    for line in left_out:
        print(f"{source}: {line}")
    if without.tags:
        print(f"{source}: no curves of {_named(without.tags)}; wants at most {MOST_TAGS} tags")
    if without.thinned:
        print(f"{source}: curves of at most {MOST_POINTS} points: {_named(without.thinned)}")
    steps = [(row.arm, row.seed, row.last_step) for row in rows if row.status == "completed"]
    for line in early_sentences(early_ends(steps)):
        print(f"{source}: {line}")
    if gone:
        names = [f"{d.path.parent.name}/{d.path.name}" for d in gone]
        print(f"{source}: lacks, so removed (kept until ablations clean): {_named(names)}")
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


def _declared(question: Question) -> dict[str, DeclaredMetric]:
    """Return what the study says of its metric, where that is not known."""
    if question.metric in METRICS and not question.unit:
        return {}
    return {question.metric: DeclaredMetric(better=question.better, unit=question.unit)}


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


def _gone(earlier: Study, rows: Iterable[Row], runs: RunsDirectory) -> list[RunDirectory]:
    """Return the directories of the runs of an earlier import that the source does not hold."""
    held = {(row.arm, row.seed) for row in rows}
    found = []
    for arm in earlier.arm_names:
        seeds = map(seed_of, sorted((runs.study(earlier.study) / arm).glob(f"{SEED_PREFIX}*")))
        lacking = [seed for seed in seeds if seed is not None and (arm, seed) not in held]
        found += [runs.run(earlier.study, arm, seed) for seed in lacking]
    return found


def _study(
    source: Path,
    question: Question,
    rows: Iterable[Row],
    earlier: Study | None,
    pattern: str,
    left_out: Sequence[str],
) -> Study:
    """Return the study; ``left_out`` says what was not read of the source.

    Raises:
        AblationsError: the control is no arm, or there is too much of something.
    """
    names = dict.fromkeys((*(earlier.arm_names if earlier else ()), *(row.arm for row in rows)))
    seeds = {*(earlier.seeds if earlier else ()), *(row.seed for row in rows)}
    if question.control not in names:
        unread = "".join(f"; {line}" for line in left_out[:1])
        known = suggest(question.control, names)
        raise AblationsError(f'--control: no arm is called "{question.control}"; {known}{unread}')
    folded: dict[str, str] = {}
    for name in names:
        if (twin := folded.setdefault(name.casefold(), name)) != name:
            raise AblationsError(
                f'{source}: arm "{name}" shares its directory with "{twin}" where case makes no '
                "difference; expected other names"
            )
    for what, count, most in (
        ("arms", len(names), MOST_ARMS),
        ("seeds", len(seeds), MOST_SEEDS),
        ("runs", len(names) * len(seeds), MOST_RUNS),
    ):
        if count > most:
            raise AblationsError(f"{source}: {too_many(what, count, most)}")
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
        metrics=_declared(question),
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
        reason=row.reason or ("" if row.status == "completed" else SAYS.format(row.status)),
        notes=row.notes,
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
