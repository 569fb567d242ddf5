"""Whether the arms of a study were given an equal chance: the label that its report carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ablations.analysis.read.collect import Collected
from ablations.analysis.read.searches import ArmSearch, TrialScore
from ablations.analysis.show import formats
from ablations.analysis.show.text_tables import Cell, Column, Table
from ablations.study.metrics import METRICS, Metric
from ablations.study.schema import Study, Tuning
from ablations.study.settings import short_value

UNTUNED = (
    "Untuned: the study searches no learning rate for its arms, so an arm may owe its place to a "
    "setting that suits it better than the others."
)
SHOWN_TRIALS = 10  # columns that a table has room for


@dataclass(frozen=True)
class Fairness:
    """What a reader must know of how the arms' settings were chosen."""

    label: str
    """A word or two, shown beside the answer."""
    text: str
    """The label in a sentence."""
    warnings: tuple[str, ...] = ()
    """Shown before the numbers."""
    tables: tuple[tuple[str, Table], ...] = ()
    """Title and content, shown after the results."""


def fairness(collected: Collected) -> Fairness:
    """Return how fairly the arms of a study were compared."""
    tune = collected.study.tune
    if tune is None:
        return Fairness("Untuned", UNTUNED)
    return Fairness(
        label="Tuned",
        text=_budget(collected.study, tune),
        warnings=tuple(_warnings(collected.searches)),
        tables=(("Tuning", tuning_table(collected.searches, tune)),),
    )


def _budget(study: Study, tune: Tuning) -> str:
    trials = formats.plural(len(tune.trials), "trial")
    seeds = f"{formats.plural(len(tune.seeds), 'seed')} ({formats.seed_ranges(tune.seeds)})"
    text = (
        f"Tuned: {', '.join(tune.paths)} by the same search for each arm, {trials} × {seeds}, "
        f"which the comparison does not use; chosen by the mean {METRICS[tune.metric].label}, "
        "without a look at the test split."
    )
    tuned = {arm.name for arm in study.tuned_arms}
    held = [arm.name for arm in study.arms if arm.name not in tuned]
    if held:
        text += f" Held at a value of their own, not tuned: {formats.listed(held, 10)}."
    return text


def _warnings(searches: tuple[ArmSearch, ...]) -> Iterator[str]:
    incomplete = [search.arm for search in searches if search.chosen is None]
    if incomplete:
        arms = formats.listed(incomplete, 6)
        yield f"Not compared, as the search is not complete: {arms}."
    changed = [search.arm for search in searches if search.chosen and not search.confirmed]
    if changed:
        arms = formats.listed(changed, 6)
        yield f"The trials on disk no longer lead to the values that these are compared at: {arms}."
    edges: dict[tuple[str, str], list[str]] = {}
    for search in searches:
        for path, edge in search.edges.items():
            edges.setdefault((path, edge), []).append(search.arm)
    for (path, where), found in edges.items():
        names = formats.listed(found, 6)
        yield (
            f"On the edge of the search: the {where} {path} that was tried did best for {names}; "
            "one beyond it may do better."
        )


def tuning_table(searches: tuple[ArmSearch, ...], tune: Tuning) -> Table:
    """Return the searches: one arm a row, its choice, and its trials where there is room."""
    metric = METRICS[tune.metric]
    shown = tune.trials if len(tune.trials) <= SHOWN_TRIALS else ()
    columns = (
        Column("arm"),
        *(Column(f"chosen {path}", numeric=True) for path in tune.paths),
        Column("on the edge"),
        Column(metric.label, numeric=True),
        Column("diverged", numeric=True),
        *(Column(_values(trial.values), numeric=True) for trial in shown),
    )
    return Table(columns, tuple(_row(search, tune, metric, bool(shown)) for search in searches))


def _values(values: object) -> str:
    assert isinstance(values, dict)
    return ", ".join(short_value(value) for value in values.values())


def _row(search: ArmSearch, tune: Tuning, metric: Metric, trials_shown: bool) -> tuple[Cell, ...]:
    chosen = search.chosen
    diverged = sum(trial.diverged for trial in search.trials)
    runs = sum(len(trial.runs) for trial in search.trials)
    values = chosen.trial.values if chosen else {}
    return (
        Cell(search.arm),
        *(_value_cell(values.get(path)) for path in tune.paths),
        Cell(", ".join(search.edges.values()) or "no" if chosen else formats.NOTHING),
        _score_cell(chosen, metric),
        Cell(f"{diverged}/{runs}" if diverged else "0", diverged),
        *(_score_cell(trial, metric) for trial in search.trials if trials_shown),
    )


def _value_cell(value: object) -> Cell:
    if value is None:
        return Cell(formats.NOTHING)
    order = float(value) if isinstance(value, (int, float)) else None
    return Cell(short_value(value), order)


def _score_cell(trial: TrialScore | None, metric: Metric) -> Cell:
    """Return a trial's mean; one over survivors never stands alone."""
    if trial is None or not trial.runs:
        return Cell(formats.NOTHING)
    text = formats.measured(metric, trial.mean)
    if trial.diverged:
        text = f"{text} ({trial.diverged}/{len(trial.runs)} diverged)"
        text = text if trial.mean is not None else f"{trial.diverged}/{len(trial.runs)} diverged"
    return Cell(text, trial.mean)
