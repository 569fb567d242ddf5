"""What a worker can do wrong costs its own run only, with the reason, whoever is to blame."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ablations.commands import status, studies
from ablations.execution import processes
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.execution.worker import Job, Outcome, work
from ablations.ledger.records import Result

pytestmark = pytest.mark.slow

STARTS_LEFT = "starts_left"


class BadMessageError(Exception):
    def __str__(self) -> str:
        raise ValueError("no message")


def _raise(error: BaseException) -> None:
    raise error


EVERYDAY = ("os._exit", "SIGKILL", "a lone surrogate")
"""One of each kind: a process that ends well, one that is killed, an exception."""
ALL_FAULTS: dict[str, Callable[[], object]] = {
    "sys.exit": lambda: sys.exit(0),
    "os._exit": lambda: os._exit(0),
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SIGSEGV": lambda: ctypes.string_at(0),
    "KeyboardInterrupt": lambda: _raise(KeyboardInterrupt()),
    "GeneratorExit": lambda: _raise(GeneratorExit()),
    "a lone surrogate": lambda: _raise(ValueError("\ud800 \x1b[31m red\nsecond line")),
    "no message": lambda: _raise(BadMessageError()),
    "RecursionError": lambda: _raise(RecursionError("too deep")),
    "MemoryError": lambda: _raise(MemoryError()),
}
FULL = bool(os.environ.get("ABLATIONS_FAULT_CYCLES"))
FAULTS = {name: ALL_FAULTS[name] for name in (ALL_FAULTS if FULL else EVERYDAY)}
ALL_REASONS = {
    "sys.exit": "SystemExit: 0",
    "os._exit": "the worker process died (exit status 0)",
    "SIGKILL": "the worker process died "
    "(SIGKILL, sent by a user or by the system when memory runs out)",
    "SIGSEGV": "the worker process died (SIGSEGV)",
    "KeyboardInterrupt": "KeyboardInterrupt: ",
    "GeneratorExit": "GeneratorExit: ",
    "a lone surrogate": "ValueError: \ufffd  red second line",
    "no message": "BadMessageError: its message cannot be read",
    "RecursionError": "RecursionError: too deep",
    "MemoryError": "MemoryError: ",
}
REASONS = {name: ALL_REASONS[name] for name in FAULTS}


def fault_of(seed: int) -> str:
    """Return the fault of a run; empty at an even seed, which trains as always."""
    return list(FAULTS)[seed // 2] if seed % 2 else ""


def fault_at_odd_seeds(job: Job) -> Outcome:
    """Work as always, with a training that goes wrong in the way of its seed."""
    from ablations.training import run as training

    real = training.train

    def train(*request: object) -> Result:
        if fault_of(job.seed):
            FAULTS[fault_of(job.seed)]()
        return real(*request)  # type: ignore[arg-type]

    training.train = train  # type: ignore[assignment]
    try:
        return work(job)
    finally:
        training.train = real


def test_a_fault_costs_its_own_run_and_says_why(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, show: Callable[[str], None]
) -> None:
    monkeypatch.setattr(processes, "work", fault_at_odd_seeds)
    seeds = tuple(range(2 * len(FAULTS) + 1))
    prepared = prepare(studies.load("small")[0], Options(workers=2), ["elu"], seeds)
    outcomes = {o.job.seed: o.result for o in prepared.comparison().execute()}
    innocent = {result and result.status for seed, result in outcomes.items() if seed % 2 == 0}
    assert innocent == {"completed"}
    reasons = {fault_of(seed): result and result.reason for seed, result in outcomes.items()}
    assert {fault: reasons[fault] for fault in FAULTS} == REASONS
    status.status("small", (), Options())
    again = prepare(studies.load("small")[0], Options(), ["elu"], seeds).comparison()
    assert [run.seed for run in again.pending] == [seed for seed in seeds if seed % 2]
    assert {s.reason for s in again.standings if s.reason} == set(REASONS.values())
    monkeypatch.setattr(processes, "work", work)
    once_more = prepare(studies.load("small")[0], Options(), ["elu"], [1]).comparison()
    assert [o.result.status for o in once_more.execute() if o.result] == ["completed"]
    show(f"{len(FAULTS)} faults in a worker of {len(seeds)} runs: innocents lost 0")


def die_as_it_starts(gpu: str | None, per_run: int, tensorflow: bool, code: str | None) -> None:
    """Die, as TensorFlow's import does for want of memory, until the file says: no more."""
    left = int(Path(STARTS_LEFT).read_text())
    Path(STARTS_LEFT).write_text(str(left - 1))
    if left > 0:
        os.kill(os.getpid(), signal.SIGKILL)
    processes._begin(gpu, per_run, tensorflow, code)


@pytest.mark.parametrize(("deaths", "failed"), [(2, 0), (100, 4)])
def test_a_worker_that_dies_as_it_starts_is_replaced(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, deaths: int, failed: int
) -> None:
    Path(STARTS_LEFT).write_text(str(deaths))
    monkeypatch.setattr(processes, "_begin", die_as_it_starts)
    prepared = prepare(studies.load("small")[0], Options(workers=1))
    outcomes = list(prepared.comparison().execute())
    assert Counter(o.result.status for o in outcomes if o.result) == Counter(
        {"failed": failed, "completed": 4 - failed}
    )
    reasons = {o.result.reason for o in outcomes if o.result and o.result.status == "failed"}
    assert reasons <= {"3 worker processes in turn died as they started"}
