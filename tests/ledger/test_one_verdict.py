"""Whoever asks what a run's directory says gets one answer: status, session, worker, analysis."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.read.collect import collect
from ablations.commands import status, studies
from ablations.execution import worker
from ablations.execution.facts import digests
from ablations.execution.options import Options
from ablations.execution.session import Prepared, Session, prepare
from ablations.execution.worker import Job, work
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import hold
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import classify_all
from ablations.study.expand import Run, expand
from ablations.study.schema import Study
from ablations.study.yaml_writer import to_yaml

EXPECTED = {
    # kind of directory: state in ``status``, trained by a session, by a worker, in the report
    "done": ("done", False, "completed", "counts"),
    "diverged": ("diverged", False, "diverged", "counts"),
    "failed": ("failed", True, "trains", "failed"),
    "stale": ("stale", True, "trains", "stale"),
    "foreign": ("stale", True, "trains", "foreign"),
    "torn": ("stale", True, "trains", "unreadable"),
    "pending": ("pending", True, "trains", "missing"),
    "checkpoint": ("pending", True, "trains", "unfinished"),
    "held": ("running", False, "trained elsewhere", "unfinished"),
    "held_and_done": ("done", False, "completed", "counts"),
    "provisional": ("stale", False, "is never asked", "stale"),
}
STUDY = """\
study: kinds
question: "?"
base:
  data: {name: digits}
  model: {hidden: [8]}
  training: {batch_size: 10, epochs: 5, optimizer: {name: sgd, learning_rate: 0.1}}
control: done
arms:
"""
RATE = "training.optimizer.learning_rate"
TUNE = f"seeds: 1\ntune: {{settings: {{{RATE}: [0.1, 1]}}, seeds: [100]}}\n"


@pytest.fixture
def study(workplace: Path) -> Iterator[Study]:
    """A study with an arm for each kind of directory, which lies there; one arm is tuned."""
    own = [
        f"  {kind}: {{{'' if kind == 'provisional' else f'{RATE}: 0.1, '}model.hidden: [{size}]}}"
        for size, kind in enumerate(EXPECTED, start=1)
    ]
    (workplace / "configs" / "kinds.yaml").write_text("\n".join([STUDY + own[0], *own[1:], TUNE]))
    study = studies.load("kinds")[0]
    runs = RunsDirectory(Path("runs"))
    (data_digest,) = digests(study, None).values()
    assert data_digest is not None
    with ExitStack() as held:
        for run in expand(study):
            if run.arm != "pending":
                leave(run, runs.run(run.study, run.arm, run.seed), data_digest)
            if run.arm.startswith("held"):
                held.enter_context(hold(runs.run(run.study, run.arm, run.seed).path))
        runs.record("kinds").write_text(to_yaml(study.model_dump(mode="json")))
        yield study


def leave(run: Run, directory: RunDirectory, data_digest: str) -> None:
    """Leave what the arm is called after."""
    directory.checkpoint.mkdir(parents=True)
    wanted = fingerprint(run.recipe, run.seed, data_digest)
    if run.arm in ("checkpoint", "held"):
        place = {"schema": 1, "fingerprint": wanted, "epochs": 3}
        with zipfile.ZipFile(directory.resume, "w") as archive:
            text = json.dumps({**place, "progress": {}, "files": {}})
            archive.writestr("place.json", text)
        return
    Result(
        study=run.study,
        arm="another" if run.arm == "foreign" else run.arm,
        seed=run.seed,
        status={"diverged": "diverged", "failed": "failed"}.get(run.arm, "completed"),  # type: ignore[arg-type]
        fingerprint="of another recipe" if run.arm == "stale" else wanted,
        data_digest=data_digest,
        metrics={"test_accuracy": 0.5},
    ).write(directory.result)
    if run.arm == "torn":
        directory.result.write_text(directory.result.read_text()[:40])


def in_status(capsys: Any) -> dict[str, str]:
    status.status("kinds", (), Options())
    head, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    ones = {row[0]: row[1:].index("1") for row in rows if row[0] in EXPECTED}
    return {arm: head[1 + column] for arm, column in ones.items()}


def by_worker(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return what a worker makes of a job of each arm, as if all were asked for anew."""

    def train(job: Job, _: object) -> Result:
        return Result(study="", arm="", seed=0, fingerprint="", status="failed", reason="trains")

    monkeypatch.setattr(worker, "_train", train)
    monkeypatch.setattr(worker, "PATIENCE_SECONDS", 0.0)
    anew = replace(prepared, options=replace(prepared.options, rerun=True))
    jobs = [replace(job, rerun=False) for job in anew.comparison().jobs()]
    results = {job.arm: work(job).result for job in jobs}
    return {
        arm: "trained elsewhere" if result is None else result.reason or result.status
        for arm, result in results.items()
    }


def in_report() -> dict[str, str]:
    collected = collect(Path("runs"), "kinds")
    counted = {run.arm: "counts" for run in collected.runs if run.counts}
    return counted | {entry.arm: entry.kind for entry in collected.left_out}


def test_status_session_worker_and_report_give_one_verdict(
    study: Study, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(study, Options())
    comparison: Session = prepared.comparison()
    pending = {run.arm for run in comparison.pending}
    states, report = in_status(capsys), in_report()
    trained = by_worker(prepared, monkeypatch)
    assert {
        kind: (states[kind], kind in pending, trained.get(kind, "is never asked"), report[kind])
        for kind in EXPECTED
    } == EXPECTED
    assert {s.run.arm: s.saved_epochs for s in comparison.standings if s.saved_epochs} == {
        "checkpoint": 3,
        "held": 3,
    }
    seen = classify_all(expand(study), RunsDirectory(Path("runs")), digests(study, None))
    assert {str(each.state) for each in seen} == {state for state, *_ in EXPECTED.values()}
