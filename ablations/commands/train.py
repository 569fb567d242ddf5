"""Train what is pending of one session, and wait for what other processes train."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ablations.analysis.show.formats import plural, seed_ranges
from ablations.commands.lines import Lines
from ablations.commands.progress import ProgressDisplay
from ablations.execution.session import Prepared, Session
from ablations.execution.underway import place_of, saved_of
from ablations.execution.worker import Job
from ablations.ledger.lock import is_held
from ablations.ledger.standing import Standing, State, classify, counted
from ablations.study.expand import Run

POLL_SECONDS = 1.0
"""Between two looks at what other processes are training."""


def train(
    prepared: Prepared,
    session: Callable[[Prepared], Session],
    metric: str,
    name: str,
    lines: Lines,
) -> list[str]:
    """Train what is pending, wait for what others train; return the runs that failed, and why.

    A run that another process held and then gave up is trained here.
    """
    first = session(prepared)
    failed, waited_for = _train_pending(first, metric, name, lines)
    waited_for |= _running(first)
    later = prepared.without_rerun()
    while True:
        left = session(later)
        running = _running(left)
        waited_for |= running
        given_up = tuple(s for s in left.standings if _is_given_up(s) and str(s.run) in waited_for)
        if given_up:
            session_of_them = replace(left, standings=given_up)
            more, again = _train_pending(session_of_them, metric, name, lines)
            failed += more
            waited_for = (waited_for - {str(s.run) for s in given_up}) | again
        elif not running:
            break
        else:
            runs = "1 run" if len(running) == 1 else f"{len(running)} runs"
            lines.say(f"{name}: waits for {runs} that another process is training")
            held = [s.directory.path for s in left.standings if s.state is State.RUNNING]
            while all(map(is_held, held)):  # no result is read until some holder has ended
                time.sleep(POLL_SECONDS)
    theirs = [s for s in left.standings if str(s.run) in waited_for]
    if theirs:
        lines.say(f"{name}: by another process: {counted(theirs)}")
    lost = [f"{s.run}: {s.reason}" for s in theirs if s.state is State.FAILED]
    for line in lost:
        lines.say(line)
    return failed + lost


def _is_given_up(standing: Standing) -> bool:
    """Whether a run that another process was training has no result of it."""
    return standing.state in (State.PENDING, State.STALE)


def _running(session: Session) -> set[str]:
    return {str(s.run) for s in session.standings if s.state is State.RUNNING}


def _to_replace(session: Session) -> list[Run]:
    """Return the finished runs that training replaces."""
    wanted = set(map(str, session.pending))
    return [
        standing.run
        for standing in session.standings
        if str(standing.run) in wanted and standing.result and standing.result.status != "failed"
    ]


def _train_pending(
    session: Session, metric: str, name: str, lines: Lines
) -> tuple[list[str], set[str]]:
    """Train what is pending; return the runs that failed, and those that others are training."""
    _say_what_is_there(session, name, lines)
    failed, elsewhere, ended = list[str](), set[str](), 0
    executor, measured = session.prepared.executor, session.tuned.study.metric_named(metric)

    def training() -> Sequence[Job]:
        return executor.training

    try:
        with ProgressDisplay(len(session.pending), measured, lines, training) as display:
            for outcome in session.execute():
                display.show(outcome)
                ended += 1
                if outcome.result is None:
                    elsewhere.add(str(outcome.job))
                elif outcome.result.status == "failed":
                    failed.append(f"{outcome.job}: {outcome.result.reason}")
    except KeyboardInterrupt:
        for line in _left_by(training()):
            lines.say(line)
        raise
    lines.say(f"{name}: {display.summary()}")
    if left := len(session.pending) - ended:
        others = "the other is" if left == 1 else f"the other {left} are"
        lines.say(f"{name}: all runs so far failed for one reason; {others} still pending")
    return failed, elsewhere


def _say_what_is_there(session: Session, name: str, lines: Lines) -> None:
    standings, pending = session.standings, session.pending
    if session.prepared.options.shard:
        lines.say(f"{name}: {len(standings)} of {session.of_all_shards} runs")
    if finished := len(standings) - len(pending) - len(_running(session)):
        lines.detail(f"{name}: {finished} of {len(standings)} runs need no training")
    for line in _continued(standings) if not session.prepared.options.rerun else ():
        lines.detail(line)
    if replaced := _to_replace(session):
        runs = plural(len(replaced), "finished run")
        kept = "old results are kept until ablations clean"
        lines.say(f"{name}: trains {runs} again ({kept}): {_by_arm(replaced)}")
        again = set(map(str, replaced))
        stale = (s.reason for s in standings if s.changed and str(s.run) in again)
        for reason in dict.fromkeys(stale):
            lines.say(f"{name}: stale: {reason}")


def _by_arm(runs: Iterable[Run]) -> str:
    """Return ``elu seeds 0–5; relu seed 3``."""
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds.setdefault(f"{run.arm} {run.trial}".rstrip(), []).append(run.seed)
    return "; ".join(
        f"{arm} {'seed' if len(of) == 1 else 'seeds'} {seed_ranges(of)}"
        for arm, of in seeds.items()
    )


def _continued(standings: Iterable[Standing]) -> Iterable[str]:
    for standing in standings:
        if standing.state is State.RUNNING:
            continue
        if standing.saved_epochs is not None:
            where = place_of(standing.run.recipe, standing.saved_epochs)
            yield f"{standing.run}: continues after {where}"
        elif standing.keeps_its_own:
            yield f"{standing.run}: starts again beside the checkpoint/ that it has kept"


def _left_by(jobs: Iterable[Job]) -> Iterable[str]:
    """Say what is saved of the runs that were being trained when the session was interrupted."""
    for job in jobs:
        standing = classify(job.run(), job.directory, job.data_digest)
        if saved := saved_of(standing):
            yield f"{job}: {saved}; the next run goes on from there"
        elif not standing.finished:
            yield f"{job}: no epoch is saved yet; the next run begins it anew"
