"""Print studies, plans and states as plain tables that fit a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ablations.analysis.show.formats import seed_ranges
from ablations.commands.console import console_of_output, print_line
from ablations.commands.views import described
from ablations.execution.underway import Underway, epochs_of, saved_of
from ablations.ledger.lines import read_last_line
from ablations.ledger.looks import Looks
from ablations.ledger.paths import RESULT
from ablations.ledger.searches import TunedStudy
from ablations.ledger.standing import Cause, Standing, State, counted
from ablations.study.schema import Arm, Study, Tuning
from ablations.study.settings import differences, short, short_value


def _table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    return table


def print_studies(studies: Sequence[Study]) -> None:
    """Print each study's name, question and arms."""
    table = _table("study", "question and arms")
    for study in studies:
        part = study.part
        if part and part.label != part.labels[0]:
            continue  # the first stands for all
        arms = ", ".join(f"{a}*" if a == study.control else a for a in study.arm_names)
        over = f"; {part.path}: {', '.join(part.labels)}" if part else ""
        table.add_row(Text(part.of if part else study.study), Text(study.question))
        table.add_row("", Text(f"{arms}  ({len(study.seeds)} seeds{over})", style="dim"))
    console_of_output().print(table)
    console_of_output().print("* the control", style="dim")


def print_plan(
    tuned: TunedStudy,
    looks: Looks,
    comparison: Sequence[Standing],
    parameters: Mapping[str, int],
    absent: Sequence[str],
) -> None:
    """Print the runs, and each arm's difference from the control in full.

    ``comparison`` holds the runs beside those of the search; ``parameters`` is arm → trainable
    numbers; ``absent`` names data that is still to be fetched.
    """
    study = tuned.study
    console = console_of_output()
    print_line(console, f"{study.study}: {study.question}", style="bold")
    print_line(console, f"{len(comparison)} runs: {counted(comparison)}")
    print_line(console, f"control: {study.control}; seeds: {', '.join(map(str, study.seeds))}")
    if study.looks:
        print_line(console, _looks(looks))
    for line in _search(tuned, study.tune) if study.tune is not None else ():
        print_line(console, line)
    for data_set in absent:
        print_line(console, f"data set {data_set} is not here yet; running downloads it")
    titles = ("parameters",) if parameters else ()
    table = _table("arm", *titles, "runs", "differs from the control in", numbers=["parameters"])
    for arm in study.arms:
        runs = [standing for standing in comparison if standing.run.arm == arm.name]
        name = f"{arm.name}*" if arm.name == study.control else arm.name
        lines = Text("\n".join(_difference(study, arm)))
        count = (f"{parameters[arm.name]:,}",) if parameters else ()
        table.add_row(Text(name), *count, counted(runs), lines)
    console.print(table)
    _print_told(console, [*tuned.trials, *comparison], _wrong)


def _looks(looks: Looks) -> str:
    """Return the line that says when the study is judged, and what left."""
    declared = zip(looks.study.looks, looks.study.look_weights, strict=True)
    line = "looks: " + ", ".join(f"{n} seeds ({weight:.0%} of the error)" for n, weight in declared)
    if looks.taken:
        line += f"; {len(looks.taken)} taken, left: {', '.join(looks.left) or 'none'}"
    return line


def _search(tuned: TunedStudy, tune: Tuning) -> list[str]:
    """Return the lines that say what each arm's search tries, and that it is the same for all."""
    budget = (
        f"tuning: {len(tune.trials)} trials ({tune.search}) × {len(tune.seeds)} seeds "
        f"({', '.join(map(str, tune.seeds))}) for each of {len(tuned.study.tuned_arms)} arms, "
        f"by {tuned.study.metric_named(tune.metric).label}"
    )
    if tune.epochs is not None:
        budget += f", training.epochs: {tune.epochs}"
    lines = [budget, f"{len(tuned.trials)} runs of the tuning: {counted(tuned.trials)}"]
    for path in tune.paths:
        tried = dict.fromkeys(short_value(trial.values[path]) for trial in tune.trials)
        lines.append(f"  {path}: {', '.join(tried)}")
    return lines


def _difference(study: Study, arm: Arm) -> list[str]:
    """Return what tells an arm from the control; what is tuned stands last."""
    paths = study.tune.paths if study.tune else ()
    control = study.arm(study.control).recipe.without_telemetry()
    lines = [
        f"{path}: {short(old)} → {short(new)}"
        for path, (old, new) in differences(control, arm.recipe.without_telemetry()).items()
        if not any(f"{path}.".startswith(f"{tuned}.") for tuned in paths)
    ]
    if arm.name == study.control:
        lines = ["(the control)"]
    elif not lines and not set(paths) & set(arm.changes):
        lines = ["(a copy of the control)"]
    for path in paths:
        if path in arm.changes:
            lines.append(f"{path}: {short_value(arm.changes[path])} (held by the arm)")
        elif arm.tuned:
            lines.append(f"{path}: {short_value(arm.tuned[path])} (tuned)")
        else:
            lines.append(f"{path}: after tuning")
    return lines


def print_status(rows: Sequence[tuple[str, Sequence[Standing]]], column: str) -> None:
    """Print how many runs are in each state, one row for each name."""
    table = _table(column, *State, numbers=tuple(State))
    for name, standings in rows:
        states = Counter(standing.state for standing in standings)
        table.add_row(Text(name), *(str(states[state]) for state in State))
    console = console_of_output()
    console.print(table)
    for _, standings in rows:
        _print_told(console, standings, _wrong)
        _print_told(console, standings, _reached)


def _print_told(
    console: Console, standings: Iterable[Standing], told: Callable[[Standing], str]
) -> None:
    """Print what is told of runs, in one line of all seeds of an arm of which it is the same."""
    groups: dict[tuple[str, str], list[Standing]] = {}
    for standing in standings:
        if line := told(standing):
            arm = str(standing.run).rpartition("/")[0]
            groups.setdefault((arm, line), []).append(standing)
    for (arm, line), of in groups.items():
        seeds = f"{arm} seeds {seed_ranges([standing.run.seed for standing in of])}"
        print_line(console, f"{of[0].run if len(of) == 1 else seeds}: {line}")


def _reached(standing: Standing) -> str:
    """Return how far a run is that is being trained, or was; empty for all others."""
    saved = saved_of(standing)
    if standing.state is not State.RUNNING:
        return saved
    last = read_last_line(standing.directory.metrics)
    epochs = epochs_of(standing.run.recipe)
    running = described(Underway(str(standing.run), 0.0, epochs, last, None))
    return "; ".join(filter(None, [f"running: {running}", saved]))


def _wrong(standing: Standing) -> str:
    """Return what went wrong with a run; that a study was changed is no news to its author.

    That a file was changed which it only imports, or names, may be.
    """
    no_news = standing.cause is Cause.CHANGED and not standing.changed
    if not standing.reason or no_news or standing.cause is Cause.PROVISIONAL:
        return ""
    where = f"{RESULT}: " if standing.cause is Cause.UNREADABLE else ""
    return f"{standing.state}: {where}{standing.reason}"
