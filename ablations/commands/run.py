"""``ablations run``: train what is pending."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ablations.analysis.show.inert import inert_sentence
from ablations.commands import studies
from ablations.commands.looks import take_look
from ablations.commands.options import Options
from ablations.commands.progress import ProgressDisplay
from ablations.commands.seeds import as_declared, declare, say_declared, too_few_seeds
from ablations.errors import AblationsError
from ablations.execution import study_files
from ablations.execution.session import Prepared, Session, prepare
from ablations.ledger.inert import inert_arms
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.standing import Standing, State
from ablations.study.schema import TUNING

POLL_SECONDS = 1.0
"""Between two looks at what other processes are training."""


def run(
    study: str,
    arms: Sequence[str],
    seeds: Sequence[int],
    seed_count: int | None,
    sets: tuple[str, ...],
    options: Options,
) -> int:
    """Train what is pending; return the exit status, 1 if some run failed."""
    read = studies.load(study, studies.parse_overrides(sets))
    loaded = [
        as_declared(each, options.runs)
        if seed_count is None
        else declare(each, seed_count, options)
        for each in read
    ]
    prepared = [prepare(each, options, arms, seeds) for each in loaded]
    for each in loaded if seed_count is not None else ():
        study_files.declare_seeds(each, RunsDirectory(options.runs))
    for written, declared in zip(read, loaded, strict=True) if seed_count is None else ():
        say_declared(written, declared, options.runs)
    if notice := prepared[0].executor.notice:
        print(notice)
    failed = [_run(each, arms) for each in prepared]
    for each in prepared:
        _show_answer(each)
    return 1 if any(failed) else 0


def _show_answer(prepared: Prepared) -> None:
    """Show what the runs say so far in TensorBoard, where they are of a comparison."""
    if prepared.arms or prepared.seeds or prepared.options.shard:
        return
    from ablations.analysis.show.report import answer_markdown

    runs, study = prepared.options.runs, prepared.study.study
    try:
        study_files.publish_answer(runs, study, answer_markdown(runs, study))
    except (AblationsError, OSError) as error:
        print(f"{study}: its answer is not shown in TensorBoard: {error}")


def _run(prepared: Prepared, arms: Sequence[str]) -> int:
    """Train one study, or one part of one; return how many runs failed."""
    study, failed = prepared.study, 0
    shard = prepared.options.shard
    name = f"{study.study}, shard {shard}" if shard else study.study
    if not (arms or prepared.seeds) and (warning := too_few_seeds(study)):
        print(f"{name}: {warning}")
    if study.tune is not None and not all(s.finished for s in prepared.trials().standings):
        failed += _train(prepared, Prepared.trials, study.tune.metric, f"{name}, {TUNING}")
    comparison = prepared.comparison()
    for arm, missing in comparison.tuned.incomplete.items():
        if not arms or arm in arms:
            print(f"{name}: {arm} is not compared yet: {missing}")
    if comparison.standings:
        failed += _compare(prepared, name)
        finished = _of_all_shards(prepared).comparison()
        for inert in inert_arms(finished.tuned.study, finished.standings):
            print(f"{name}: {inert_sentence(inert, study.control)}")
    if shard and _waits_for_others(prepared):
        again = f"ablations run {study.study} --shard {shard}, with this command's other options"
        print(f"{name}: once the other shards are done, go on, in each of them as here: {again}")
    return failed


def _waits_for_others(prepared: Prepared) -> bool:
    """Whether other shards' runs decide what is to be trained next, and are not all there."""
    tuned = prepared.comparison().tuned
    return bool(tuned.incomplete or (prepared.study.looks and prepared.waits_for(tuned)))


def _of_all_shards(prepared: Prepared) -> Prepared:
    return replace(prepared, options=replace(prepared.options, shard=None))


def _compare(prepared: Prepared, name: str) -> int:
    """Train the comparison, one look after the other; return how many runs failed."""
    failed = _train(prepared, Prepared.comparison, prepared.study.metric, name)
    if not take_look(prepared) or prepared.arms or prepared.seeds:
        return failed
    return failed + _compare(_without_rerun(prepared), name)


def _without_rerun(prepared: Prepared) -> Prepared:
    return replace(prepared, options=replace(prepared.options, rerun=False))


def _train(
    prepared: Prepared, session: Callable[[Prepared], Session], metric: str, name: str
) -> int:
    """Train what is pending, wait for what others train; return how many runs failed."""
    failed, waited_for = _train_pending(session(prepared), metric, name)
    later = _without_rerun(prepared)
    while True:
        left = session(later)
        running = _running(left)
        waited_for |= running
        given_up = tuple(s for s in left.standings if _is_given_up(s) and str(s.run) in waited_for)
        if given_up:
            more, again = _train_pending(replace(left, standings=given_up), metric, name)
            failed += more
            waited_for = (waited_for - {str(s.run) for s in given_up}) | again
        elif not running:
            break
        else:
            runs = "1 run" if len(running) == 1 else f"{len(running)} runs"
            print(f"{name}: waits for {runs} that another process is training", flush=True)
            while _running(session(later)) == running:
                time.sleep(POLL_SECONDS)
    theirs = (s for s in left.standings if str(s.run) in waited_for)
    return failed + sum(s.state is State.FAILED for s in theirs)


def _is_given_up(standing: Standing) -> bool:
    """Whether a run that another process was training has no result of it."""
    return standing.state in (State.PENDING, State.STALE)


def _to_replace(session: Session) -> list[str]:
    """Return the finished runs that training replaces."""
    wanted = set(map(str, session.pending))
    return [
        str(standing.run)
        for standing in session.standings
        if str(standing.run) in wanted and standing.result and standing.result.status != "failed"
    ]


def _running(session: Session) -> set[str]:
    return {str(s.run) for s in session.standings if s.state is State.RUNNING}


def _train_pending(session: Session, metric: str, name: str) -> tuple[int, set[str]]:
    """Train what is pending; return how many runs failed, and those that others are training."""
    standings, pending, elsewhere = session.standings, session.pending, set()
    if session.prepared.options.shard:
        print(f"{name}: {len(standings)} of {session.of_all_shards} runs")
    if len(standings) > len(pending):
        print(f"{name}: {len(standings) - len(pending)} of {len(standings)} runs need no training")
    for standing in standings if not session.prepared.options.rerun else ():
        if standing.saved_epochs is not None:
            epochs = standing.run.trained.training.epochs
            print(f"{standing.run}: continues after epoch {standing.saved_epochs} of {epochs}")
    if replaced := _to_replace(session):
        kept = "what they were is kept until ablations clean"
        print(f"{name}: trained again, {kept}: {', '.join(replaced)}")
    with ProgressDisplay(len(pending), metric) as display:
        for outcome in session.execute():
            display.show(outcome)
            if outcome.result is None:
                elsewhere.add(str(outcome.job))
    print(f"{name}: {display.summary()}")
    return display.counts.get("failed", 0), elsewhere
