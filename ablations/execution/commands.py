"""What each command of the shell does; ``cli`` only parses and calls."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ablations.errors import AblationsError, Problem, StudyError
from ablations.execution import display, facts, session, studies
from ablations.execution.progress import Display
from ablations.study.expand import expand
from ablations.study.paths import RunsDirectory
from ablations.study.schema import Study


def list_studies() -> None:
    """Print the studies in ``configs/``.

    Raises:
        StudyError: some cannot be loaded; the others were printed.
    """
    found, problems = _load_all()
    display.print_studies(found)
    if problems:
        raise StudyError(problems)


def _load_all() -> tuple[list[Study], list[Problem]]:
    found: list[Study] = []
    problems: list[Problem] = []
    files = studies.all_files()
    if not files:
        raise AblationsError(f"{studies.CONFIGS}/: no studies; wants *.yaml files")
    for path in files:
        try:
            found.append(studies.load(str(path)))
        except StudyError as error:
            problems += error.problems
    return found, problems


def plan(study: str, sets: tuple[str, ...], options: session.Options) -> None:
    """Print the runs that a study would make."""
    loaded = studies.load(study, studies.parse_overrides(sets))
    known = facts.describe_data(loaded, options.data_directory)
    parameters = facts.count_parameters(loaded.arms, known)
    digests = {data: fact.digest for data, fact in known.items()}
    entries = session.look_up_all(expand(loaded), options.runs, digests)
    absent = {data.name for data, digest in digests.items() if digest is None}
    display.print_plan(loaded, entries, parameters, sorted(absent))


def status(study: str | None, options: session.Options) -> None:
    """Print the states of one study's runs by arm, or of all studies."""
    if study is not None:
        loaded = studies.load(study)
        digests = facts.digests(loaded, options.data_directory)
        arms = [(arm, expand(loaded, [arm])) for arm in loaded.arm_names]
        rows = [(arm, session.look_up_all(runs, options.runs, digests)) for arm, runs in arms]
        display.print_status(rows, "arm")
        return
    found, problems = _load_all()
    table = []
    for each in found:
        digests = facts.digests(each, options.data_directory)
        table.append((each.study, session.look_up_all(expand(each), options.runs, digests)))
    display.print_status(table, "study")
    if problems:
        raise StudyError(problems)


def run(
    study: str,
    arms: Sequence[str],
    seeds: Sequence[int],
    seed_count: int | None,
    sets: tuple[str, ...],
    options: session.Options,
) -> int:
    """Train what is pending; return the exit status, 1 if some run failed."""
    loaded = studies.load(study, studies.parse_overrides(sets))
    if seed_count is not None:
        loaded = loaded.model_copy(update={"seeds": tuple(range(seed_count))})
    prepared = session.prepare(loaded, arms, seeds, options)
    finished = len(prepared.entries) - len(prepared.pending)
    if finished:
        print(f"{loaded.study}: {finished} of {len(prepared.entries)} runs need no training")
    with Display(len(prepared.pending), loaded.metric) as shown:
        for outcome in prepared.execute():
            shown.show(outcome)
    print(f"{loaded.study}: {shown.summary()}")
    return 1 if shown.counts.get("failed") else 0


def report_names(named: Sequence[str], runs: Path) -> list[str]:
    """Return the names of studies given by name or by path, as their runs are kept under."""
    directory = RunsDirectory(runs)
    kept = {study: directory.record(study).is_file() for study in named if "/" not in study}
    return [study if kept.get(study) else studies.load(study).study for study in named]


def publish_report(runs: Path, study: str, markdown: str) -> None:
    """Show a report in TensorBoard's Text dashboard, where the runs directory can be written.

    Its figures lie where the dashboard cannot reach them, so a word stands in their place.
    """
    from ablations.telemetry.study_events import write_report

    try:
        words = re.sub(r"!\[[^\]]*\]\([^)]*\)", r"*(figure in the report)*", markdown)
        write_report(RunsDirectory(runs).study(study), words)
    except OSError as error:
        print(f"{study}: not shown in TensorBoard: {error.strerror}", file=sys.stderr)


SAMPLES = "scalars=100000,histograms=1000"  # 0 would empty the Time Series dashboard
_VIEWS = (
    (
        "curves, one colour an arm",
        "?smoothing=0&tagFilter=%5E(train%7Cvalidation)&runColorGroup=regex%3A{arm}#timeseries",
    ),
    ("mean and band over seeds", "#custom_scalars&regexInput=%5E{summary}"),
    ("gradients, first seed", "?tagFilter=gradient_log10&runFilter=seed-0%24#timeseries"),
    ("arms and final metrics", "#hparams"),
    ("network", "#graphs"),
    ("report, once it is written", "#text&regexInput=%5E%5B%5E%2F%5D%2B%24"),
)


def tensorboard(study: str | None, runs: Path, port: int) -> int:
    """Start TensorBoard and print links that open the useful views."""
    name = None if study is None else studies.load(study).study
    logdir = runs if name is None else RunsDirectory(runs).study(name)
    if not logdir.is_dir():
        raise AblationsError(
            f"{logdir}: no runs yet; wants `ablations run {study or 'STUDY'}` first"
        )
    arm = "%5E(%5B%5E%2F%5D%2B)%2F" if name else "%5E(%5B%5E%2F%5D%2B%2F%5B%5E%2F%5D%2B)%2F"
    summary = "summary" if name else "%5B%5E%2F%5D%2B%2Fsummary"
    for title, query in _VIEWS:
        link = query.format(arm=arm, summary=summary)
        print(f"{title:28} http://localhost:{port}/{link}", flush=True)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    command += ["--port", str(port), "--samples_per_plugin", SAMPLES]
    return subprocess.run(command, check=False).returncode
