"""A tuned study: the trials first, then every arm at what its own search chose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ablations.commands import plan, status, studies
from ablations.commands import run as command
from ablations.execution import worker
from ablations.execution.catalog import CATALOG
from ablations.execution.facts import digests
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import read_result
from ablations.ledger.searches import TunedStudy, settle
from ablations.ledger.standing import State, classify_all
from ablations.study.expand import expand

TUNE = """\
tune:
  settings: {training.optimizer.learning_rate: [0.001, 0.1]}
  seeds: [100, 101]
  epochs: 1
"""
RATE = "training.optimizer.learning_rate"
OPTIONS = Options(executor="inline")


@pytest.fixture
def study(workplace: Path, tensorflow: object) -> Path:
    """The small study, tuned."""
    path = workplace / "configs" / "small.yaml"
    path.write_text(path.read_text() + TUNE)
    return path


def run(*arms: str, rerun: bool = False) -> int:
    options = Options(executor="inline", rerun=rerun)
    return command.run("small", arms, (), None, (), options)


def searched() -> TunedStudy:
    study = studies.load("small")[0]
    return settle(study, RunsDirectory(Path("runs")), digests(study, None), CATALOG)


def states() -> list[State]:
    study = searched().study
    return [
        each.state
        for each in classify_all(expand(study), RunsDirectory(Path("runs")), digests(study, None))
    ]


def rate(directory: str) -> float:
    recipe = yaml.safe_load(Path("runs/small", directory, "recipe.yaml").read_text())
    return float(recipe["training"]["optimizer"]["learning_rate"])


def times() -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}


def test_the_trials_come_first_then_each_arm_at_the_best_then_nothing(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    trained = [line.split()[1] for line in lines if line.startswith("[")]
    assert len(trained) == 2 * 2 * 2 + 2 * 2
    assert [name.startswith("small/tuning/") for name in trained] == [True] * 8 + [False] * 4
    found = Path("runs/small/tuning/elu/learning_rate-0.1/seed-100")
    assert {path.name.partition(".")[0] for path in found.glob("[!.]*")} == {
        "events", "layers", "metrics", "recipe", "result",
    }  # fmt: skip
    result = json.loads((found / "result.json").read_text())
    assert (result["arm"], result["trial"], result["epochs"]) == ("elu", "learning_rate-0.1", 1)
    assert result["metrics"].keys().isdisjoint({"test_accuracy", "test_loss"})
    # By hand: the mean over the two seeds of the metric that the trials' own files hold.
    for arm in ("elu", "sigmoid"):
        means = {}
        for trial in ("0.001", "0.1"):
            place = Path("runs/small/tuning", arm, f"learning_rate-{trial}")
            results = [read_result(place / f"seed-{seed}/result.json") for seed in (100, 101)]
            means[float(trial)] = sum(r.metrics["validation_accuracy_last"] for r in results)
        best = max(means, key=lambda value: means[value])
        assert {rate(f"{arm}/seed-{seed}") for seed in (0, 1)} == {best}
        assert means[0.001] != means[0.1]
    before = times()
    assert run() == 0
    assert "nothing to train" in capsys.readouterr().out
    assert times() == before
    assert states() == [State.DONE] * 4


def test_an_interrupted_search_goes_on_where_it_stopped(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    Path("runs/small/tuning/elu/learning_rate-0.1/seed-101/result.json").unlink()
    assert states() == [State.STALE] * 2 + [State.DONE] * 2
    capsys.readouterr()
    assert run() == 0
    trained = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert [line.split()[1] for line in trained] == ["small/tuning/elu/learning_rate-0.1/seed-101:"]
    assert states() == [State.DONE] * 4


def test_a_wider_grid_trains_its_new_trials_and_the_arms_whose_choice_changed(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.write_text(study.read_text().replace("[0.001, 0.1]", "[0.0001, 0.0002]"))
    assert run() == 0
    study.write_text(study.read_text().replace("[0.0001, 0.0002]", "[0.0001, 0.0002, 1]"))
    assert searched().incomplete.keys() == {"elu", "sigmoid"}
    assert "of 6 runs of its search 2 pending" in searched().incomplete["elu"]
    capsys.readouterr()
    assert run() == 0
    trained = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line[0] == "["]
    assert [name for name in trained if "tuning" in name] == [
        f"small/tuning/{arm}/learning_rate-1.0/seed-{seed}:"
        for arm in ("elu", "sigmoid")
        for seed in (100, 101)
    ]
    assert rate("elu/seed-0") == 1.0


def test_one_arm_tunes_and_trains_that_arm_alone(study: Path) -> None:
    assert run("sigmoid") == 0
    arms = {path.parts[-4] for path in Path("runs").glob("small/tuning/*/*/seed-*/result.json")}
    assert arms == {"sigmoid"}
    assert {path.parts[-3] for path in Path("runs").glob("small/*/seed-*/result.json")} == {
        "sigmoid"
    }
    assert searched().incomplete.keys() == {"elu"}


def test_a_diverged_trial_is_simply_bad(study: Path) -> None:
    study.write_text(study.read_text().replace("[0.001, 0.1]", "[1e+30, 0.1]"))
    assert run("elu") == 0
    place = Path("runs/small/tuning/elu/learning_rate-1e-30")
    assert {read_result(path).status for path in place.glob("*/result.json")} == {"diverged"}
    assert rate("elu/seed-0") == 0.1


def fail_once(real: Callable[[Job], Outcome]) -> Callable[[Job], Outcome]:
    def work(job: Job) -> Outcome:
        if job.trial == "learning_rate-0.1" and job.arm == "elu" and job.seed == 101:
            return worker.record_failure(job, "the machine's fault")
        return real(job)

    return work


def test_an_arm_is_not_compared_after_half_a_search(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("ablations.execution.inline.work", fail_once(worker.work))
        assert run() == 1
    said = "small: elu is not compared yet: of 4 runs of its search 1 failed"
    assert said in capsys.readouterr().out
    assert not Path("runs/small/elu").exists()
    assert Path("runs/small/sigmoid/seed-0/result.json").exists()
    assert run() == 0
    assert Path("runs/small/elu/seed-0/result.json").exists()


def test_plan_shows_the_budget_and_what_was_chosen(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.write_text(study.read_text().replace("  sigmoid:", "  again: copy\n  sigmoid:"))
    plan.plan("small", (), OPTIONS)
    shown = capsys.readouterr().out
    budget = "tuning: 2 trials (grid) × 2 seeds (100, 101) for each of 3 arms, by validation"
    assert budget in shown
    assert "12 runs of the tuning: 12 pending" in shown
    assert "(a copy of the control)" in shown
    assert shown.count(f"{RATE}: after tuning") == 3
    assert run() == 0
    capsys.readouterr()
    plan.plan("small", (), OPTIONS)
    shown = capsys.readouterr().out
    assert shown.count(f"{RATE}: 0.1 (tuned)") == 3
    status.status("small", (), OPTIONS)
    rows = [line.split()[:2] for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [
        ["tuning/elu", "4"], ["tuning/again", "4"], ["tuning/sigmoid", "4"],
        ["elu", "2"], ["again", "2"], ["sigmoid", "2"],
    ]  # fmt: skip
    same = [
        [read_result(Path(f"runs/small/{arm}/seed-{s}/result.json")).metrics["test_loss"]
         for s in (0, 1)]
        for arm in ("elu", "again")
    ]  # fmt: skip
    assert same[0] == same[1]
