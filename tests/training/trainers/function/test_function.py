"""A user's function as a trainer: what it is given and leaves, and what its mistakes cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client, create_environ
from werkzeug.wrappers import Response

from ablations.commands import studies
from ablations.execution.catalog import CATALOG
from ablations.execution.worker import Job, work
from ablations.ledger.lines import by_step
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result, read_history
from ablations.study.recipes import read_recipe
from ablations.telemetry import hparams
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.event_reader import read_scalars
from tests.support import own_training
from tests.support.own_training import PLACE, raises

RAISES = raises.__code__.co_firstlineno


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions are found from the repository on."""
    monkeypatch.chdir(Path(__file__).parents[4])


def job(function: str, runs: Path, seed: int = 0, **settings: Any) -> Job:
    recipe = read_recipe(
        {
            "trainer": f"python:{PLACE}.{function}",
            "settings": {"rate": 0.1, "steps": 20, **settings},
        },
        {"catalog": CATALOG},
    )
    return Job("own", "arm", seed, recipe.model_dump(mode="json"), {}, runs, "", metric="error")


def train(function: str, runs: Path, seed: int = 0, **settings: Any) -> Result:
    result = work(job(function, runs, seed, **settings)).result
    assert result is not None
    return result


def directory(runs: Path, seed: int = 0) -> RunDirectory:
    return RunsDirectory(runs).run("own", "arm", seed)


def test_it_is_given_settings_and_seed_and_what_it_logs_is_recorded(tmp_path: Path) -> None:
    """It asserts itself that neither TensorFlow nor Keras is there."""
    result = train("train", tmp_path, seed=3)
    assert (result.status, result.reason) == ("completed", "")
    shrunk = np.cumprod(1 - 0.1 * np.random.default_rng(3).uniform(0.5, 1, 20))
    assert result.metrics == {"error": pytest.approx(shrunk[-1], rel=1e-12)}
    place = directory(tmp_path, 3)
    history = read_history(place.metrics)
    assert [line["epoch"] for line in history] == list(range(20))
    assert [line["error"] for line in history] == pytest.approx(shrunk, rel=1e-12)
    (events,) = place.events
    logged = [value for _, tag, value in read_scalars(events) if tag == "curves/error"]
    assert logged == pytest.approx(shrunk, rel=1e-6)
    final = [value for _, tag, value in read_scalars(events) if tag == "final/error"]
    assert final == pytest.approx([shrunk[-1]], rel=1e-6)
    assert "tensorflow" not in result.environment
    left = {path.name for path in place.path.iterdir()}
    assert left == {"recipe.yaml", events.name, "metrics.jsonl", "final.json", "result.json"}


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("lacks_the_metric", 'returns: no metric "error", by which the study compares; did you me'),
        ("no_mapping", 'returns: wants a flat mapping of numbers, such as {"error": 0.1}, got 3'),
        ("no_number", 'returns: "error" (text): wants a flat mapping of numbers'),
        ("raises", f"own_training.py:{RAISES + 1}: ValueError: no such thing"),
        ("misspells", 'KeyError: \'no setting "rat"; did you mean "rate"? Known: rate, steps\''),
        ("saves_a_state", "text (a generator's state: json.dumps(…)) or bytes, got dict"),
        ("logs_between_steps", "run.log: step: expected a whole number, got 1.5"),
        ("takes_nothing", "is called as takes_nothing("),
        ("ends_itself", "its process ended before it had returned its metrics"),
    ],
)
def test_what_it_does_wrong_is_the_reason_of_a_failed_run(
    tmp_path: Path, function: str, reason: str
) -> None:
    result = train(function, tmp_path)
    assert result.status == "failed"
    assert reason in result.reason
    assert json.loads(directory(tmp_path).result.read_text())["reason"] == result.reason


@pytest.mark.filterwarnings("ignore:html5lib:DeprecationWarning")  # of TensorBoard's own imports
def test_steps_above_32_bits_are_recorded_and_hparams_still_answers(tmp_path: Path) -> None:
    """TensorBoard's own HTTP answer: it was 500 for the whole study."""
    result = train("counts_tokens", tmp_path)
    place = directory(tmp_path)
    assert result.status == "completed"
    assert [line["epoch"] for line in read_history(place.metrics)] == [2**31, 3 * 10**9]
    (tmp_path / "own.yaml").write_text(own_training.study("counts_tokens"))
    (study,) = studies.load(str(tmp_path / "own.yaml"))
    with EventFile(tmp_path / "own") as events:
        events.write(0, hparams.experiment(study))
    answer = session_groups(tmp_path)
    (group,) = answer["sessionGroups"]
    found = {each["name"]["tag"]: each for each in group["metricValues"]}
    assert found["final/error"]["value"] == 1.0
    assert found["final/error"]["trainingStep"] == 2**31 - 1


def session_groups(logdir: Path) -> Any:
    """Return what TensorBoard answers its HParams dashboard."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams.hparams_plugin import HParamsPlugin

    read = EventMultiplexer()
    read.AddRunsFromDirectory(str(logdir))
    read.Reload()
    data = MultiplexerDataProvider(read, str(logdir))
    routes = HParamsPlugin(TBContext(logdir=str(logdir), data_provider=data)).get_plugin_apps()
    asked = {"sliceSize": 10, "allowedStatuses": ["STATUS_SUCCESS"]}
    environment = create_environ(method="POST", json=asked)
    environment["tensorboard.experiment_id"] = "0"
    response = Client(routes["/session_groups"], Response).open(environment)
    assert response.status_code == 200, response.text
    return response.json


def test_entries_that_are_no_numbers_are_left_out_and_named(tmp_path: Path) -> None:
    result = train("returns_a_text", tmp_path)
    assert (result.status, result.metrics) == ("completed", {"error": 1.0})
    assert result.notes == ("final.json: name, array: left out, as not a number",)


def test_a_final_metric_that_is_not_finite_is_a_diverged_run(tmp_path: Path) -> None:
    result = train("diverges", tmp_path)
    assert (result.status, result.reason, result.metrics) == (
        "diverged",
        "error is nan",
        {"other": 2.0},
    )


def test_a_final_metric_that_is_not_judged_and_not_finite_removes_that_number_alone(
    tmp_path: Path,
) -> None:
    result = train("measures_nothing_of_another", tmp_path)
    assert (result.status, result.reason) == ("completed", "")
    assert result.metrics == {"error": 1.0, "other": 2.0}
    assert result.notes == (
        "final.json: ratio is nan, huge is -1e+200: left out; a metric is a finite number of at "
        "most 1e+100",
    )


SHARES = frozenset({"test_accuracy", "validation_accuracy"})


@pytest.mark.parametrize(
    ("accuracy", "logged", "reason"),
    [
        (90.5, 0.9, "test_accuracy is 90.5 and would be shown as 9050%; expected a share, from 0 "),
        (0.905, 90, "validation_accuracy is 90 and would be shown as 9000%; expected a share, fr"),
        (1.0000001, 1, ""),
    ],
)
def test_a_share_above_1_is_refused_with_the_unit_to_declare(
    tmp_path: Path, accuracy: float, logged: float, reason: str
) -> None:
    asked = replace(job("scores", tmp_path, accuracy=accuracy, logged=logged), shares=SHARES)
    result = work(asked).result
    assert result is not None
    assert result.reason.startswith(reason)
    unit = "to 1, or in the study file metrics: {test_accuracy: {unit: percent}}"
    assert result.reason.endswith(unit if reason else "")
    assert result.status == ("failed" if reason else "completed")


def test_a_declared_percentage_is_kept_as_it_is(tmp_path: Path) -> None:
    asked = replace(job("scores", tmp_path, accuracy=90.5, logged=90), shares=frozenset())
    result = work(asked).result
    assert result is not None
    assert result.metrics == {"error": 0.1, "test_accuracy": 90.5}


def test_a_run_that_was_killed_goes_on_from_its_checkpoint_to_the_same_numbers(
    tmp_path: Path,
) -> None:
    whole = train("resumes", tmp_path / "whole", die=False)
    killed = train("resumes", tmp_path / "killed", die=True)
    assert killed.status == "failed"
    assert "SIGKILL" in killed.reason
    went_on = train("resumes", tmp_path / "killed", die=True)
    assert (went_on.status, went_on.notes) == ("completed", ("continued after step 9",))
    assert went_on.metrics == whole.metrics
    one, other = (read_history(directory(tmp_path / r).metrics) for r in ("whole", "killed"))
    assert one == other
    events = [directory(tmp_path / r).events[0] for r in ("whole", "killed")]
    logged, again = ([s for s in read_scalars(e) if s[1] == "curves/position"] for e in events)
    assert logged == again
    assert not directory(tmp_path / "killed").checkpoint.exists()


def test_a_function_that_never_asks_for_what_it_saved_is_not_said_to_go_on(tmp_path: Path) -> None:
    assert train("saves_and_never_asks", tmp_path).status == "failed"
    again = train("saves_and_never_asks", tmp_path)
    assert again.notes == (
        "began anew, as it never called run.checkpoint.restore for what it had saved at step 5",
    )
    logged = by_step(read_history(directory(tmp_path).metrics))
    assert {step: line["position"] for step, line in logged.items()} == dict(enumerate(range(8)))


def test_code_that_changes_after_the_study_was_read_is_not_trained(tmp_path: Path) -> None:
    planned = job("train", tmp_path)
    changed = {**planned.recipe, "code_hash": "0123456789abcdef"}
    result = work(Job("own", "arm", 0, changed, {}, tmp_path, "", metric="error")).result
    assert result is not None
    assert "its code has changed since the study was read" in result.reason


def test_a_run_that_another_process_finished_meanwhile_is_told_apart(tmp_path: Path) -> None:
    first, second = (work(job("train", tmp_path)) for _ in range(2))
    assert (first.elsewhere, second.elsewhere) == (False, True)
    assert first.result is not None
    assert second.result is not None
    assert first.result.finished_at == second.result.finished_at
