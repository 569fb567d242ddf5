"""A stage is trained once for all runs that have it alike, with the same bits and times."""

from __future__ import annotations

import pytest

from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.study.expand import Run
from ablations.training.stage import shared_by
from tests.support.running import Trained, recorded_events, same_bits, shared_programs

SOURCE = {"name": "task", "changes": {"data.classes": [0, 1, 2, 3, 4], "training.epochs": 3}}
TRANSFER = {"data.classes": [5, 6, 7, 8, 9], "training.epochs": 2, "transfer.source": SOURCE}
REUSED = {**TRANSFER, "transfer.reuse": "hidden.*"}
FROZEN = {**REUSED, "transfer.freeze": "hidden1", "training.optimizer.learning_rate": 0.02}


@pytest.fixture
def train_in(tensorflow, tmp_path, monkeypatch):
    """Return a function that trains a run beside others, and counts the epochs that it trained."""
    from ablations.training.run import TrainingRequest, train
    from ablations.training.trainers.compiled.loop import EpochLoop

    real, calls = EpochLoop.run, []
    monkeypatch.setattr(EpochLoop, "run", lambda *rest: calls.append(1) or real(*rest))

    def run(recipe, root="shared", seed=0):
        calls.clear()
        path = tmp_path / f"{root}-{len(list(tmp_path.iterdir()))}"
        path.mkdir()
        directory, runs = RunDirectory(path), RunsDirectory(tmp_path / root)
        request = TrainingRequest(Run("study", "arm", seed, recipe), directory, {}, runs)
        result = train(request, shared_programs())
        return Trained(result, directory, shared_programs()), len(calls)

    return run


def stages_in(tmp_path, root="shared"):
    return RunsDirectory(tmp_path / root).stages()


def same_run(one, other):
    return (
        one.metrics() == other.metrics()
        and one.epochs() == other.epochs()
        and same_bits(one.state(), other.state())
        and recorded_events(one.directory.path) == recorded_events(other.directory.path)
    )


def test_runs_share_a_stage_and_no_bit_or_second_is_another(recipe, train_in, tmp_path):
    """The rate is the recipe's own: the source inherits it unless it says otherwise."""
    frozen = recipe({**FROZEN, "training.optimizer.learning_rate": 0.01})
    first, trained = train_in(recipe(REUSED))
    assert trained == 3 + 2
    second, trained = train_in(frozen)
    assert trained == 2
    alone, trained = train_in(frozen, root="alone")
    assert trained == 3 + 2
    assert same_run(second, alone)
    assert len(stages_in(tmp_path)) == 1
    one, other = first.result, second.result
    assert one.stages[0] == other.stages[0]  # its time too
    assert other.seconds["train"] > other.stages[0].seconds > 0
    assert other.epochs == one.epochs == 5
    lines = [run.directory.metrics.read_bytes().splitlines()[:3] for run in (first, second)]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"training.optimizer.learning_rate": 0.02},
        {"model.hidden": [8, 7]},
        {"telemetry.histograms_every_epochs": 2},
        {"transfer.source": {**SOURCE, "changes": {**SOURCE["changes"], "training.epochs": 2}}},
    ],
    ids=str,
)
def test_what_shapes_a_stage_makes_it_another(changes, recipe, train_in, tmp_path):
    assert shared_by(recipe(REUSED), 0) != shared_by(recipe({**REUSED, **changes}), 0)
    train_in(recipe(REUSED))
    train_in(recipe({**REUSED, **changes}))
    assert len(stages_in(tmp_path)) == 2


def test_another_seed_and_no_stage_share_nothing(recipe, train_in, tmp_path):
    assert shared_by(recipe(REUSED), 0) != shared_by(recipe(REUSED), 1)
    assert shared_by(recipe(), 0) == ""
    train_in(recipe(REUSED))
    train_in(recipe(REUSED), seed=1)
    assert len(stages_in(tmp_path)) == 2


def test_levels_of_a_pretraining_are_stages_of_their_own(recipe, train_in, tmp_path):
    greedy = {"name": "autoencoder", "greedy": True, "epochs": 1}
    first, trained = train_in(recipe({"transfer.source": greedy}))
    assert trained == 3
    second, trained = train_in(recipe({"transfer.source": greedy}))
    assert trained == 1
    assert same_run(first, second)
    assert len(stages_in(tmp_path)) == 2


def test_a_damaged_stage_is_trained_again(recipe, train_in, tmp_path):
    first, _ = train_in(recipe(REUSED))
    (stage,) = stages_in(tmp_path)
    for name in ("learned.npz", "metrics.jsonl", "events"):
        content = bytearray((stage / name).read_bytes())
        content[len(content) // 2] ^= 1
        (stage / name).write_bytes(content)
        second, trained = train_in(recipe(REUSED))
        assert trained == 3 + 2, name
        assert same_run(first, second)
    assert train_in(recipe(REUSED))[1] == 2


def test_a_stage_that_diverges_ends_all_runs_that_share_it(recipe, train_in):
    wild = {**SOURCE["changes"], "training.optimizer.learning_rate": 1e20}
    diverging = {**REUSED, "transfer.source": {**SOURCE, "changes": wild}}
    first, trained = train_in(recipe(diverging))
    assert trained >= 1
    second, trained = train_in(recipe({**diverging, "transfer.freeze": "hidden1"}))
    assert trained == 0
    for run in (first, second):
        assert run.result.status == "diverged"
        assert "not finite" in run.result.reason
        assert [stage.name for stage in run.result.stages] == ["source_task"]
        assert "test_accuracy" not in run.result.metrics
    assert first.epochs() == second.epochs()


def test_clean_deletes_stages_that_no_run_trains(recipe, train_in, tmp_path, capsys):
    from ablations.commands.clean import clean
    from ablations.ledger.lock import hold

    train_in(recipe(REUSED))
    (stage,) = stages_in(tmp_path)
    with hold(stage):
        clean(None, tmp_path / "shared", yes=True)
    clean("small", tmp_path / "shared", yes=True)  # one study's; stages belong to none
    assert stage.exists()
    clean(None, tmp_path / "shared", yes=True)
    assert "deleted 1 shared stage\n" in capsys.readouterr().out
    assert stages_in(tmp_path) == []
    assert train_in(recipe(REUSED))[1] == 3 + 2
