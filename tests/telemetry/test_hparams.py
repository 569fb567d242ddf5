"""The trials of a tuned study stand in the HParams dashboard beside the arms, never among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tensorboard.plugins.hparams import plugin_data_pb2

from ablations.commands import studies
from ablations.execution.catalog import CATALOG
from ablations.study.expand import expand, expand_trials
from ablations.study.schema import Study
from ablations.study.variation import run_settings
from ablations.telemetry import hparams
from tests.support.synthetic_runs import make_factorial, make_study

STUDY = """\
study: s
question: "?"
base:
  data: {name: digits}
  model: {hidden: [8]}
  training: {batch_size: 10, epochs: 1, optimizer: sgd}
control: sgd
arms: {sgd: {}, adam: {training.optimizer: adam}}
seeds: 2
tune: {settings: {training.optimizer.learning_rate: [1, 0.1]}, seeds: [100]}
"""
RATE = "training.optimizer.learning_rate"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    path = tmp_path / "s.yaml"
    path.write_text(STUDY)
    return studies.load(str(path))[0]


def content(value: Any) -> Any:
    return plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)


def test_trials_have_groups_of_their_own_and_their_values(study: Study) -> None:
    runs = [*expand_trials(study, ["adam"], CATALOG), *expand(study, ["adam"], [0])]
    settings = run_settings(study, runs)
    shown = [content(hparams.session_start(*each)) for each in zip(runs, settings, strict=True)]
    starts = [message.session_start_info for message in shown]
    assert [start.group_name for start in starts] == [
        "s/tuning/adam/learning_rate-1.0",
        "s/tuning/adam/learning_rate-0.1",
        "s/adam",
    ]
    assert [start.hparams["phase"].string_value for start in starts] == [
        "tuning", "tuning", "comparison",
    ]  # fmt: skip
    assert [start.hparams[RATE].number_value for start in starts] == [1.0, 0.1, 0.001]
    assert {start.hparams["arm"].string_value for start in starts} == {"adam"}


def test_what_is_tuned_and_the_phase_are_columns(study: Study) -> None:
    infos = {i.name: i for i in content(hparams.experiment(study)).experiment.hparam_infos}
    assert infos[RATE].differs
    assert [v.string_value for v in infos["phase"].domain_discrete.values] == [
        "comparison", "tuning",
    ]  # fmt: skip


def test_factors_come_before_the_arm_and_the_seed_is_no_column() -> None:
    columns = [
        i.name for i in content(hparams.experiment(make_factorial())).experiment.hparam_infos
    ]
    assert columns == ["model.activation.name", "training.batch_size", "arm"]
    listed = make_study(("sigmoid", "elu"))
    infos = content(hparams.experiment(listed)).experiment.hparam_infos
    assert [info.name for info in infos] == ["arm", "model.activation.name"]


def test_a_parameter_that_comes_with_its_technique_alone_is_no_column(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    untuned = STUDY[: STUDY.index("tune:")]
    other = "other: {training.optimizer: {name: adam, beta_1: 0.8}}"
    path.write_text(untuned.replace("{sgd: {},", f"{{sgd: {{}}, {other},"))
    (study,) = studies.load(str(path))
    columns = {i.name for i in content(hparams.experiment(study)).experiment.hparam_infos}
    assert {"training.optimizer.name", RATE} < columns  # each optimizer has a rate
    assert "training.optimizer.beta_1" in columns  # which two arms have, and not the same
    assert not columns & {"training.optimizer.beta_2", "training.optimizer.epsilon"}


def test_best_and_final_metrics_are_the_five_that_are_shown_first() -> None:
    infos = content(hparams.experiment(make_study(metric="test_loss"))).experiment.metric_infos
    assert [info.name.tag for info in infos][:5] == [
        "final/test_loss",
        "final/validation_accuracy_best",
        "final/validation_loss_best",
        "final/train_loss_last",
        "final/test_accuracy",
    ]
