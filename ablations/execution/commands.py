"""What each command of the shell does; ``cli`` only parses and calls."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ablations.errors import AblationsError, Problem, StudyError
from ablations.execution import display, facts, session, studies
from ablations.execution.ledger import Entry
from ablations.execution.progress import Display
from ablations.execution.tuning import compared, settle
from ablations.study.paths import TUNING, RunsDirectory
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
    facts.check_transfers(loaded.arms, known, loaded.seeds)
    digests = {data: fact.digest for data, fact in known.items()}
    absent = sorted({data.name for data, digest in digests.items() if digest is None})
    searched = settle(loaded, options.runs, digests)
    entries = compared(searched, options.runs, digests)
    display.print_plan(searched, entries, parameters, absent)


def status(study: str | None, options: session.Options) -> None:
    """Print the states of one study's runs by arm, or of all studies."""
    if study is not None:
        loaded = studies.load(study)
        trials, runs = _states(loaded, options)
        rows = [(f"{TUNING}/{arm.name}", _of(arm.name, trials)) for arm in loaded.tuned_arms]
        rows += [(arm, _of(arm, runs)) for arm in loaded.arm_names]
        display.print_status(rows, "arm")
        return
    found, problems = _load_all()
    states = [(each.study, _states(each, options)) for each in found]
    display.print_status([(name, [*trials, *runs]) for name, (trials, runs) in states], "study")
    if problems:
        raise StudyError(problems)


def _states(study: Study, options: session.Options) -> tuple[list[Entry], list[Entry]]:
    """Return the runs of the tuning and those of the comparison."""
    digests = facts.digests(study, options.data_directory)
    searched = settle(study, options.runs, digests)
    return list(searched.trials), compared(searched, options.runs, digests)


def _of(arm: str, entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.run.arm == arm]


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
    comparison = session.prepare(loaded, arms, seeds, options)  # refused before any trial
    if loaded.tune is None:
        return 1 if _train(comparison, loaded.metric, loaded.study) else 0
    untuned = settle(loaded, options.runs, comparison.digests).study
    trials = session.prepare_trials(untuned, arms, options)
    failed = 0
    if trials.pending:
        failed = _train(trials, loaded.tune.metric, f"{loaded.study}, {TUNING}")
    searched = settle(loaded, options.runs, trials.digests)
    wanted = [arm for arm in arms or loaded.arm_names if arm not in searched.incomplete]
    for arm in arms or loaded.arm_names:
        if arm in searched.incomplete:
            print(f"{loaded.study}: {arm} is not compared yet: {searched.incomplete[arm]}")
    if wanted:
        comparison = session.prepare(searched.study, wanted, seeds, options)
        failed += _train(comparison, loaded.metric, loaded.study)
    return 1 if failed else 0


def _train(prepared: session.Session, metric: str, name: str) -> int:
    """Train what is pending; return how many runs failed."""
    finished = len(prepared.entries) - len(prepared.pending)
    if finished:
        print(f"{name}: {finished} of {len(prepared.entries)} runs need no training")
    for entry in prepared.entries if not prepared.options.rerun else ():
        if entry.continues_after is not None:
            epochs = entry.run.recipe.training.epochs
            print(f"{entry.run}: continues after epoch {entry.continues_after} of {epochs}")
    with Display(len(prepared.pending), metric) as shown:
        for outcome in prepared.execute():
            shown.show(outcome)
    print(f"{name}: {shown.summary()}")
    return shown.counts.get("failed", 0)


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
        "?smoothing=0&tagFilter=%5E(train%7Cvalidation)&runFilter={compared}"
        "&runColorGroup=regex%3A{arm}#timeseries",
    ),
    (
        "trials of the tuning",
        "?smoothing=0&tagFilter=%5Evalidation&runFilter={tuning}"
        "&runColorGroup=regex%3A{tuning}(.%2B)%2F#timeseries",
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
    study_part = "" if name else "%5B%5E%2F%5D%2B%2F"  # any study
    parts = {
        "arm": f"%5E({study_part}%5B%5E%2F%5D%2B)%2F",
        "summary": f"{study_part}summary",
        "tuning": f"%5E{study_part}tuning%2F",
        "compared": f"%5E(%3F!{study_part}tuning%2F)",
    }
    for title, query in _VIEWS:
        print(f"{title:28} http://localhost:{port}/{query.format(**parts)}", flush=True)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    command += ["--port", str(port), "--samples_per_plugin", SAMPLES]
    return subprocess.run(command, check=False).returncode
