"""A hang ends, a leak costs its own run, and nobody else's run is lost to either."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ablations.commands import run as command
from ablations.commands import studies
from ablations.errors import AblationsError, UserCodeError
from ablations.execution import apart, limits, processes
from ablations.execution.apart import SeparateProcess
from ablations.execution.executor import executor_for
from ablations.execution.limits import Clock, Limits
from ablations.execution.options import Options
from ablations.execution.parent import FIRST_TO_END, OUT_OF_MEMORY_SCORE
from ablations.execution.session import prepare
from ablations.execution.worker import Job, Outcome, record_failure
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result, read_result
from tests.support.user_code import PACKAGE

pytestmark = pytest.mark.slow

EVERYDAY = 1
SEEDS = min(int(os.environ.get("ABLATIONS_FAULT_CYCLES", EVERYDAY)), 10)
"""Runs of each arm; `make faults` asks for 10."""
LIMIT = 10.0
"""Seconds; an innocent run's longest step, its tracing, takes less than 2."""
STUDY = f"""\
study: small
question: Who is lost?
base:
  data: {{name: digits, validation: 200, train_examples: 320}}
  model: {{name: "{PACKAGE}.may_go_wrong", way: not}}
  training: {{batch_size: 32, epochs: 2, optimizer: {{name: sgd, learning_rate: 0.1}}}}
control: innocent
arms:
  hangs: {{model.way: hangs}}
  leaks: {{model.way: leaks}}
  innocent: {{}}
seeds: {SEEDS}
"""


@pytest.mark.skipif(not OUT_OF_MEMORY_SCORE.exists(), reason="wants Linux's limit of memory")
def test_a_model_that_hangs_or_leaks_costs_its_own_runs(
    workplace: Path, show: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("configs/small.yaml").write_text(STUDY)
    options = Options(workers=2, epoch_limit=LIMIT)
    assert command.run("small", [], [], None, (), options) == 1
    assert f"{2 * SEEDS} failed" in capsys.readouterr().out
    runs = RunsDirectory(Path("runs"))

    def results(arm: str) -> list[Result]:
        return [read_result(runs.run("small", arm, seed).result) for seed in range(SEEDS)]

    hung = f"no epoch ended within --epoch-limit {LIMIT:g} (seconds)"
    assert {(r.status, r.reason) for r in results("hangs")} == {("failed", hung)}
    assert {r.status for r in results("leaks")} == {"failed"}
    assert [r.reason for r in results("leaks") if "GoesWrong.call()" not in r.reason] == []
    lost = sum(r.status != "completed" for r in results("innocent"))
    show(f"{SEEDS} runs that hang and {SEEDS} that leak beside {SEEDS} others: lost {lost}")
    assert lost == 0


def begin_at_once(gpu: str | None, per_run: int, tensorflow: bool, code: str | None) -> None:
    """Begin without TensorFlow, which the work below does not need."""


def sleep_at_odd_seeds(job: Job) -> Outcome:
    """Live on, an epoch after the other, for a while; at an odd seed, hang."""
    metrics = job.directory.metrics
    metrics.parent.mkdir(parents=True)
    for epoch in range(1000 if job.seed % 2 else 6):
        if not job.seed % 2 or job.seed % 4 == 3:
            with metrics.open("a") as stream:
                stream.write(f"epoch {epoch}\n")
        time.sleep(0.25)
    return record_failure(job, "innocent")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"epoch_limit": 1.2}, {1: "no epoch ended within --epoch-limit 1.2 (seconds)"}),
        ({"run_limit": 4.0}, dict.fromkeys((1, 3), "not finished within --run-limit 4 (seconds)")),
    ],
)
def test_a_run_is_ended_by_its_time_alone(
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, float],
    reason: dict[int, str],
) -> None:
    """Of two that never end, one shows no sign of life; the others take longer than a limit."""
    monkeypatch.setattr(processes, "_begin", begin_at_once)
    monkeypatch.setattr(processes, "work", sleep_at_odd_seeds)
    seeds = (0, 1, 2) if "epoch_limit" in given else (0, 1, 2, 3)
    options = Options(workers=2, **given)  # type: ignore[arg-type]
    prepared = prepare(studies.load("small")[0], options, ["elu"], seeds)
    found = {o.job.seed: o.result and o.result.reason for o in prepared.comparison().execute()}
    assert found == {seed: reason.get(seed, "innocent") for seed in seeds}
    assert threading.active_count() < 20


def test_a_clock_counts_from_the_workers_start_and_from_each_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    metrics = tmp_path / "metrics.jsonl"
    clock = Clock(Limits(run=50, epoch=10), metrics)
    now += 599
    assert clock.over() == ""
    clock.begin()
    now += 10
    assert clock.over() == ""
    for _ in range(4):
        with metrics.open("a") as stream:
            stream.write("an epoch\n")
        assert clock.over() == ""
        now += 10
    assert clock.over() == ""
    now += 0.5
    assert clock.over() == "not finished within --run-limit 50 (seconds)"
    without = Clock(Limits(), metrics)
    now += 601
    assert without.over() == "its worker did not start within 600 s"
    without.begin()
    now += 12 * 3600 + 1
    assert without.over() == "no epoch ended within --epoch-limit 43200 (seconds, the default)"
    assert without.seconds_to_wait <= 60
    assert Clock(Limits(epoch=2), metrics).seconds_to_wait == pytest.approx(0.1)


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("option", ["run_limit", "epoch_limit"])
def test_a_limit_that_is_none_is_one_clear_line(option: str, seconds: float) -> None:
    wanted = f"--{option.replace('_', '-')} {seconds:g}: wants seconds, more than 0"
    with pytest.raises(AblationsError, match=f"^{wanted}$"):
        executor_for(Options(**{option: seconds}))  # type: ignore[arg-type]
    with pytest.raises(AblationsError, match="inline cannot end what it trains itself; wants"):
        executor_for(Options(executor="inline", **{option: seconds}))  # type: ignore[arg-type]


def sleep(what: str) -> None:
    time.sleep(60)


def tell_score(what: str) -> int:
    return int(OUT_OF_MEMORY_SCORE.read_text())


def test_a_call_apart_has_a_limit_and_goes_before_its_parent_where_memory_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "CALL_SECONDS", 1.5)
    with SeparateProcess() as process:
        with pytest.raises(UserCodeError, match=r"^the model: calling it takes longer than 1.5 s"):
            process.call(sleep, [("the model",)])
        monkeypatch.setattr(apart, "CALL_SECONDS", 60.0)
        assert process.call(tell_score, [("a",)]) == [FIRST_TO_END]
    assert int(OUT_OF_MEMORY_SCORE.read_text()) < FIRST_TO_END
