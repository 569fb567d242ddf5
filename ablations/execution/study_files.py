"""What stands beside the runs of a study: its record, and what TensorBoard shows of it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ablations.errors import RunsDirectoryError, StudyError
from ablations.files import write_atomically
from ablations.ledger import looks
from ablations.ledger.lock import alone
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import read_history
from ablations.ledger.standing import State, classify_all
from ablations.study.expand import comparison_runs
from ablations.study.metrics import scores_if_diverged
from ablations.study.recipe import DataRecipe
from ablations.study.schema import Study
from ablations.study.yaml_reader import read_yaml
from ablations.study.yaml_writer import to_yaml


def record(study: Study, runs: RunsDirectory, outputs: int | None) -> bool:
    """Keep the study as it is run, for reports and dashboards; return whether it is new.

    What the study does not say that a diverged run scores is that of a guess by a network of so
    many ``outputs``, one a class, label or target; None where there are none.
    """
    guessed = {} if outputs is None else scores_if_diverged(study.known_metrics, outputs)
    stated = {**guessed, **study.if_diverged}
    said = study.model_copy(update={"if_diverged": stated})
    path, content = runs.record(study.study), to_yaml(said.model_dump(mode="json"))
    with contextlib.suppress(OSError):
        if path.read_bytes() == content.encode():  # nothing is touched where nothing is new
            return False
    with alone_with(study.study, runs):
        return keep(said, runs)


@contextmanager
def alone_with(study: str, runs: RunsDirectory) -> Iterator[None]:
    """Let no other process write what stands beside a study's runs meanwhile.

    Raises:
        RunsDirectoryError: the directory cannot be written, or another process is at it for long.
    """
    path = runs.record(study)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path):
            yield
    except OSError as error:
        raise RunsDirectoryError(f"{path.parent}: {error.strerror}") from None


def keep(study: Study, runs: RunsDirectory) -> bool:
    """Keep a study for reports and dashboards; return whether it is new.

    Raises:
        RunsDirectoryError: the directory cannot be written, or holds imported results.
    """
    path = runs.record(study.study)
    content = to_yaml(study.model_dump(mode="json"))
    try:
        if path.is_file() and path.read_bytes() == content.encode():
            return False
        if not study.imported:
            _refuse_imported(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        from ablations.telemetry.study_events import write_study

        write_study(path.parent, study)
        write_atomically(path, content)
    except OSError as error:
        raise RunsDirectoryError(f"{path.parent}: {error.strerror}") from None
    return True


def declare_seeds(study: Study, runs: RunsDirectory) -> None:
    """Keep how many seeds the study has in this directory, whatever its file says.

    Raises:
        RunsDirectoryError: the directory cannot be written, or holds imported results.
    """
    _refuse_imported(runs.record(study.study))
    looks.declare_seeds(runs.looks(study.study), len(study.seeds))


def _refuse_imported(record: Path) -> None:
    if _holds_imported(record):
        raise RunsDirectoryError(
            f"{record.parent}: holds imported results; wants another name for the study, or "
            "another --runs"
        )


def _holds_imported(record: Path) -> bool:
    if not record.is_file():
        return False
    try:
        kept = read_yaml(record.read_bytes(), str(record)).data
    except StudyError:
        return False
    return isinstance(kept, dict) and kept.get("imported") is True


def summarize(study: Study, runs: RunsDirectory, digests: Mapping[DataRecipe, str | None]) -> None:
    """Write each arm's mean and band over the study's seeds that are finished, whoever ran them.

    And the layout of the charts that show them: of what has a band, whatever trained it.

    Raises:
        RunsDirectoryError: they cannot be written; the runs are kept as they are.
    """
    with alone_with(study.study, runs):  # who reads first never writes over who read later
        _summarize(study, runs, digests)


def _summarize(study: Study, runs: RunsDirectory, digests: Mapping[DataRecipe, str | None]) -> None:
    from ablations.telemetry.bands import bands_of, close_ups
    from ablations.telemetry.study_events import write_bands, write_layout

    bands = {}
    for arm in study.arms:
        standings = classify_all(comparison_runs(study, arm, study.seeds), runs, digests)
        done = [standing for standing in standings if standing.state is State.DONE]
        bands[arm.name] = bands_of([read_history(each.directory.metrics) for each in done])
    shown = close_ups(study, bands)
    directory = runs.study(study.study)
    try:
        write_layout(directory, study, list(shown), [name for name, arms in shown.items() if arms])
        for position, (name, of_arm) in enumerate(bands.items()):
            directory = runs.summary(study.study, name)
            close = [metric for metric, arms in shown.items() if name in arms]
            write_bands(directory, of_arm, close, position)
    except OSError as error:
        raise RunsDirectoryError(
            f"{directory}: {error.strerror}; every finished run is kept, its arm's mean is "
            "written by the next run"
        ) from None


def is_summarized(study: Study, runs: RunsDirectory) -> bool:
    """Whether each arm's band is as new as its results, as it is not where a runner was killed."""
    from ablations.telemetry.study_events import bands_in

    for arm in study.arms:
        paths = (runs.run(study.study, arm.name, seed).result for seed in study.seeds)
        results = [path.stat().st_mtime_ns for path in paths if path.exists()]
        bands = bands_in(runs.summary(study.study, arm.name))
        if results and (len(bands) != 1 or bands[0].stat().st_mtime_ns < max(results)):
            return False
    return True


def publish_report(runs: Path, study: str, markdown: str, figures: Mapping[str, bytes]) -> None:
    """Show a report in TensorBoard's Text dashboard, and its figures, name → PNG, in Images.

    The text cannot reach the figures, so a word stands in their place.

    Raises:
        OSError: the runs directory cannot be written.
    """
    from ablations.telemetry.study_events import write_report

    words = re.sub(r"!\[[^\]]*\]\([^)]*\)", r"*(in the dashboard Images)*", markdown)
    write_report(RunsDirectory(runs).study(study), words, figures)


def publish_answer(runs: Path, study: str, markdown: str) -> None:
    """Show a study's answer, alone, in TensorBoard's Text dashboard.

    Raises:
        OSError: the runs directory cannot be written.
    """
    from ablations.telemetry.study_events import write_answer

    write_answer(RunsDirectory(runs).study(study), markdown)
