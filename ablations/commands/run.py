"""``ablations run``: train what is pending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ablations.analysis.show.inert import inert_sentence
from ablations.commands import studies
from ablations.commands.looks import take_look
from ablations.commands.options import Options
from ablations.commands.progress import ProgressDisplay
from ablations.commands.seeds import too_few_seeds, with_seeds
from ablations.execution.session import Prepared, Session, prepare
from ablations.ledger.inert import inert_arms
from ablations.study.schema import TUNING


def run(
    study: str,
    arms: Sequence[str],
    seeds: Sequence[int],
    seed_count: int | None,
    sets: tuple[str, ...],
    options: Options,
) -> int:
    """Train what is pending; return the exit status, 1 if some run failed."""
    loaded = studies.load(study, studies.parse_overrides(sets))
    if seed_count is not None:
        loaded = tuple(with_seeds(each, seed_count) for each in loaded)
    prepared = [prepare(each, options, arms, seeds) for each in loaded]
    failed = [_run(each, arms) for each in prepared]
    return 1 if any(failed) else 0


def _run(prepared: Prepared, arms: Sequence[str]) -> int:
    """Train one study, or one part of one; return how many runs failed."""
    study, failed = prepared.study, 0
    name = study.study
    if not (arms or prepared.seeds) and (warning := too_few_seeds(study)):
        print(f"{name}: {warning}")
    trials = prepared.trials()
    if study.tune is not None and trials.pending:
        failed += _train(trials, study.tune.metric, f"{name}, {TUNING}")
    comparison = prepared.comparison()
    for arm, missing in comparison.tuned.incomplete.items():
        if not arms or arm in arms:
            print(f"{name}: {arm} is not compared yet: {missing}")
    if comparison.standings:
        failed += _compare(prepared, name)
        finished = prepared.comparison()
        for inert in inert_arms(finished.tuned.study, finished.standings):
            print(f"{name}: {inert_sentence(inert, study.control)}")
    return failed


def _compare(prepared: Prepared, name: str) -> int:
    """Train the comparison, one look after the other; return how many runs failed."""
    failed = _train(prepared.comparison(), prepared.study.metric, name)
    if not take_look(prepared) or prepared.arms or prepared.seeds:
        return failed
    once = replace(prepared, options=replace(prepared.options, rerun=False))
    return failed + _compare(once, name)


def _train(session: Session, metric: str, name: str) -> int:
    """Train what is pending; return how many runs failed."""
    standings, pending = session.standings, session.pending
    if len(standings) > len(pending):
        print(f"{name}: {len(standings) - len(pending)} of {len(standings)} runs need no training")
    for standing in standings if not session.prepared.options.rerun else ():
        if standing.saved_epochs is not None:
            epochs = standing.run.trained.training.epochs
            print(f"{standing.run}: continues after epoch {standing.saved_epochs} of {epochs}")
    with ProgressDisplay(len(pending), metric) as display:
        for outcome in session.execute():
            display.show(outcome)
    print(f"{name}: {display.summary()}")
    return display.counts.get("failed", 0)
