"""The command ``ablations``: parse, call, exit code; no logic."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ablations import __version__
from ablations.commands import completion
from ablations.commands.examples import examples_of
from ablations.commands.interrupts import answered, exit_status
from ablations.commands.options import EXECUTORS, Options, Shard
from ablations.commands.output import written
from ablations.errors import AblationsError, Interrupted, shortened
from ablations.study.budgets import MOST_DEVICES, MOST_SEED, MOST_SEEDS, MOST_WORKERS

OBJECTS_BEFORE_A_COLLECTION = 50_000  # reading studies makes many objects and little garbage

_path = click.Path(path_type=Path)
_runs = click.option(
    "--runs", type=_path, default=Path("runs"), show_default=True, help="Where runs are kept."
)
_data = click.option(
    "--data", "data_directory", type=_path, help="Data sets' directory, before $ABLATIONS_DATA."
)
_set = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="The variant of the study that changes this path of the base recipe.",
)


def _study(**options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.argument("study", shell_complete=completion.study_names, **options)


class _Group(click.Group):
    """Turns the errors that a user can meet into a line and an exit status."""

    def invoke(self, context: click.Context) -> Any:
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # finding them takes 20 ms
        gc.set_threshold(OBJECTS_BEFORE_A_COLLECTION)
        atexit.register(gc.freeze)  # what is left goes with the process: nothing need walk it
        try:
            with answered(), written():
                return super().invoke(context)
        except AblationsError as error:
            click.echo("\n".join(map(shortened, str(error).split("\n"))), err=True)
            sys.exit(2)
        except Interrupted as signal:
            click.echo("interrupted; everything finished is kept", err=True)
            sys.exit(exit_status(signal.number))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Ablation studies of deep-network training, inside TensorBoard.

    STUDY is the path of a study file, or the name of one in configs/.
    """


@main.command("list")
def list_() -> None:
    """List the studies in configs/, their questions and arms."""
    from ablations.commands import list as command

    command.list_studies()


@main.command()
@_study()
@_set
@_runs
@_data
def plan(study: str, sets: tuple[str, ...], **options: Any) -> None:
    """Show the runs a study would make, and how each arm differs from the control."""
    from ablations.commands import plan as command

    command.plan(study, sets, Options(**options))


@main.command()
@_study()
@click.option(
    "--arm",
    "arms",
    multiple=True,
    help="Only this arm; may be repeated.",
    shell_complete=completion.arm_names,
)
@click.option(
    "--seed", "seeds", multiple=True, type=click.IntRange(0, MOST_SEED), help="Only this seed."
)
@click.option("--seeds", "seed_count", type=click.IntRange(1, MOST_SEEDS), help="Seeds 0 to K − 1.")
@_set
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    help="Processes; by default one a core or GPU.",
)
@click.option(
    "--executor", type=click.Choice(list(EXECUTORS)), default="processes", show_default=True
)
@click.option(
    "--address", metavar="HOST:PORT|auto|local", help="The Ray cluster; local is one of its own."
)
@click.option(
    "--shard",
    metavar="I/N",
    callback=lambda _, __, text: None if text is None else Shard.parse(text),
    help="Only the runs of part I of N, for job arrays.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True
)
@click.option(
    "--devices-per-run",
    type=click.IntRange(1, MOST_DEVICES),
    default=1,
    show_default=True,
    help="Devices that train one run together, each a part of every batch.",
)
@click.option("--run-limit", type=float, metavar="SECONDS", help="What a run may take; unlimited.")
@click.option(
    "--epoch-limit",
    type=float,
    metavar="SECONDS",
    help="What a run may take with no epoch ended; 43200, 12 hours, by default.",
)
@_runs
@_data
@click.option("--rerun", is_flag=True, help="Train again what is finished.")
@click.option("--quiet", is_flag=True, help="Say only what fails, and how it ended.")
@click.option("--log", type=_path, help="Add all that is said, with its time, to this file.")
def run(
    study: str,
    arms: tuple[str, ...],
    seeds: tuple[int, ...],
    seed_count: int | None,
    sets: tuple[str, ...],
    quiet: bool,
    log: Path | None,
    **options: Any,
) -> None:
    """Train what is pending of a study."""
    from ablations.commands import run as command
    from ablations.commands.lines import Lines

    lines, asked = Lines(quiet, log), Options(**options)
    sys.exit(command.run(study, arms, seeds, seed_count, sets, asked, lines))


@main.command()
@_study(required=False)
@_set
@_runs
@_data
def status(study: str | None, sets: tuple[str, ...], **options: Any) -> None:
    """Count the runs that are done, running, stale, diverged, failed and pending."""
    from ablations.commands import status as command

    command.status(study, sets, Options(**options))


@main.command()
@_study(nargs=-1)
@_set
@_runs
@click.option("--out", type=_path, default=Path("report"), show_default=True)
@click.option("--paper", is_flag=True, help="Write table, numbers and figures for LaTeX too.")
@click.option("--columns", metavar="NAME,…", help="Of that table; an unknown one lists all.")
@click.option("--width", type=float, help="Inches of the paper's column; 3.35 by default.")
def report(study: tuple[str, ...], sets: tuple[str, ...], **options: Any) -> None:
    """Write the report of some studies, or of all, from what is on disk."""
    from ablations.commands import report as command

    command.report(study, sets, **options)


@main.command()
@_study(required=False)
@_set
@_runs
@click.option("--port", type=click.IntRange(1, 65535), default=6006, show_default=True)
@click.option("--host", default="localhost", show_default=True, help="0.0.0.0 for all machines.")
@click.option("--open", "opens", is_flag=True, help="Open the first link in the browser.")
def tensorboard(
    study: str | None, sets: tuple[str, ...], runs: Path, port: int, host: str, opens: bool
) -> None:
    """Start TensorBoard on the runs, and print links that open the useful views."""
    from ablations.commands import tensorboard as command

    command.tensorboard(study, sets, runs, port, host, opens)


@main.command()
@click.argument(
    "name", nargs=-1, metavar="[FAMILY|NAME]", shell_complete=completion.technique_names
)
def techniques(name: tuple[str, ...]) -> None:
    """Show what can be ablated, with parameters, defaults, bounds and sources."""
    from ablations.commands import techniques as command

    command.techniques(name)


@main.command()
@_study()
@_set
@click.option(
    "--against",
    type=_path,
    metavar="PATH",
    help="Compare each arm with itself in a results.csv, a report's folder or a runs directory.",
)
@_runs
@_data
def check(study: str, sets: tuple[str, ...], against: Path | None, **options: Any) -> None:
    """Judge each arm against the control, or against itself before: a gate for CI.

    Exit status 0: none is worse by the margin; 1: some is; 3: that is not settled.
    """
    from ablations.commands import check as command

    sys.exit(command.check(study, sets, against, Options(**options)))


@main.command()
@click.argument("name")
@click.option(
    "--model", type=click.Choice(["python"]), help="With a Keras model of your own, in Python."
)
@click.option(
    "--trainer", type=click.Choice(["python"]), help="With a training function of your own."
)
@click.option("--command", "program", is_flag=True, help="With a program of your own.")
def new(name: str, **kinds: Any) -> None:
    """Write a commented study, and the code that it names, to start from."""
    from ablations.commands import new as command

    command.new(name, **kinds)


@main.command()
@_study(required=False)
@_runs
@click.option("--yes", is_flag=True, help="Delete without asking.")
def clean(study: str | None, runs: Path, yes: bool) -> None:
    """Show, and after a yes delete, the runs that were replaced."""
    from ablations.commands import clean as command

    command.clean(study, runs, yes)


@main.command()
@_runs
@_data
def doctor(**options: Any) -> None:
    """Show what this machine offers to a training, and what it lacks; 1 if nothing can train."""
    from ablations.commands import doctor as command

    sys.exit(command.doctor(Options(**options)))


@main.command("import")
@click.argument("source", type=_path, metavar="TABLE|FOLDER")
@click.option("--study", required=True, help="The study's name; its runs are kept under it.")
@click.option("--control", required=True, help="The arm that the others are compared with.")
@click.option("--metric", required=True, help="The column that answers the question.")
@click.option("--better", required=True, type=click.Choice(["higher", "lower"]))
@click.option("--margin", required=True, type=click.FloatRange(min=0), help="Least that matters.")
@click.option("--unit", default="", help="The metric's unit, such as points.")
@click.option("--if-diverged", type=float, help="What a diverged run scores.")
@click.option("--pattern", help="How a run's folder is named below FOLDER: {arm}/seed-{seed}.")
@click.option("--paired", is_flag=True, help="A seed means the same for every arm.")
@click.option("--replace", is_flag=True, help="Replace, and keep, results that differ.")
@_runs
def import_(source: Path, runs: Path, pattern: str | None, replace: bool, **question: Any) -> None:
    """Take results that something else produced: a CSV of arm,seed[,status],metric…, or a folder
    of TensorBoard's event files, in which a metric is the last value of a scalar's tag.
    """
    from ablations.commands import import_results as command

    command.import_results(source, command.Question(**question), runs, pattern, replace)


for _name, _command in main.commands.items():
    _command.epilog = examples_of(_name)
