"""What a study file may say of losses and metrics, and what it is told."""

from __future__ import annotations

import pickle

import pytest
import yaml

from ablations.errors import StudyError
from ablations.execution.catalog import CATALOG
from ablations.study.load import resolve
from ablations.study.metrics import METRICS, epoch_metric, scores_if_diverged
from ablations.study.schema import Study
from ablations.study.scores import SCORES
from ablations.study.settings import change
from ablations.study.tasks import OF_LOSS, TASKS
from ablations.study.yaml_reader import read_yaml
from ablations.study.yaml_writer import to_yaml
from ablations.techniques.losses import LOSSES
from ablations.techniques.measures import MEASURES
from ablations.user_code import FORM
from tests.support.running import TINY
from tests.support.tasks import PACKAGE


def loaded(changes=None, arms=None, **more):
    study = {
        "study": "s",
        "question": "?",
        "base": change(TINY, changes or {}),
        "control": "a",
        "arms": arms or {"a": {}, "b": {"training.batch_size": 10}},
        "seeds": 6,
        **more,
    }
    text = yaml.safe_dump(study, sort_keys=False)
    return resolve(read_yaml(text, "s.yaml"), CATALOG, {})[0]


def told(changes=None, arms=None, **more):
    with pytest.raises(StudyError) as caught:
        loaded(changes, arms, **more)
    return str(caught.value)


MSE = {"training.loss": "mse"}
OWN = {"name": f"{PACKAGE}.pinball", "better": "higher"}


def test_the_tables_hold_what_the_catalogue_does():
    losses = {t.model_fields["name"].default for t in LOSSES.techniques}
    measures = {t.model_fields["name"].default for t in MEASURES.techniques}
    assert losses - {FORM} == set(OF_LOSS)
    assert measures - {FORM} == set(SCORES)
    assert all(pickle.loads(pickle.dumps(task)) is task for task in TASKS.values())


@pytest.mark.parametrize(
    ("changes", "metric", "tuned"),
    [
        ({}, "test_accuracy", "validation_accuracy"),
        (MSE, "test_mean_absolute_error", "validation_mean_absolute_error"),
        (
            {"training.loss": "binary_crossentropy"},
            "test_binary_accuracy",
            "validation_binary_accuracy",
        ),
    ],
)
def test_what_a_study_leaves_open_is_its_tasks(changes, metric, tuned):
    claim = {"better": "b", "than": "a", "source": "any"}
    tune = {"settings": {"training.optimizer.learning_rate": [0.1, 0.2]}}
    study = loaded(changes, claims=[claim], tune=tune)
    assert (study.metric, study.claims[0].on, study.tune.metric) == (metric, metric, tuned)
    again = Study.model_validate(read_yaml(to_yaml(study.model_dump(mode="json")), "r").data)
    assert again.known_metrics == study.known_metrics  # read back without the catalogue


def test_a_study_without_a_loss_has_the_metrics_that_it_had():
    assert dict(loaded().known_metrics) == dict(METRICS)


def test_a_declared_metric_has_its_unit_in_all_its_forms_and_its_score_of_a_diverged_run():
    declared = {"test_mean_absolute_error": {"unit": "points", "if_diverged": 70.0}}
    study = loaded(MSE, metrics=declared)
    units = {name: metric.unit for name, metric in study.known_metrics.items()}
    with_unit = {name for name, unit in units.items() if unit == "points"}
    assert with_unit == {
        *("test_mean_absolute_error", "test_mean_absolute_error_raw"),
        *(f"validation_mean_absolute_error{end}" for end in ("", "_best", "_last")),
    }
    assert study.if_diverged == {"test_mean_absolute_error": 70.0}


def test_a_guess_is_known_where_it_needs_no_labels():
    several = scores_if_diverged(loaded({"training.loss": "binary_crossentropy"}).known_metrics, 3)
    assert several["test_binary_accuracy"] == 0.5
    assert several["test_loss"] == pytest.approx(0.6931, abs=1e-4)
    assert scores_if_diverged(loaded(MSE).known_metrics, 1) == {}


@pytest.mark.parametrize(
    ("changes", "more", "line"),
    [
        ({"training.loss": "mean_squared_eror"}, {}, 'did you mean "mean_squared_error"?'),
        (
            {**MSE, "training.metrics": ["accuracy"]},
            {},
            "metrics.0: accuracy grades a classification",
        ),
        ({**MSE, "training.metrics": ["r2_score", "r2_score"]}, {}, 'the name "r2_score" is taken'),
        (
            {"training.metrics": [{"name": f"{PACKAGE}.pinball"}]},
            {},
            "wants better: higher, or better: lower",
        ),
        ({**MSE, "training.class_weights": "balanced"}, {}, "class_weights: wants classes"),
        ({**MSE, "training.label_smoothing": 0.1}, {}, "label_smoothing: smooths the labels of"),
        ({**MSE, "data.classes": [0, 1]}, {}, "data.classes: wants classes, and"),
        (
            {**MSE, "data.train_examples": {"per_class": 2}},
            {},
            "data.train_examples: wants classes",
        ),
        (
            {**MSE, "training.early_stopping": {"monitor": "validation_accuracy"}},
            {},
            'monitor: unknown metric "validation_accuracy"',
        ),
        (
            {
                **MSE,
                "training.metrics": [OWN],
                "training.early_stopping": {"monitor": "validation_pinball"},
            },
            {},
            "validation_pinball rises",
        ),
        (MSE, {"metric": "test_accuracy"}, 'metric: unknown metric "test_accuracy"'),
        (
            MSE,
            {"metrics": {"test_mean_absolute_error": {"better": "higher"}}},
            "test_mean_absolute_error is better lower",
        ),
        (MSE, {"metrics": {"test_mae": {"unit": "x"}}}, 'unknown metric "test_mae"'),
        (
            MSE,
            {"metric": "test_loss", "arms": {"a": {}, "b": {"training.loss": "huber"}}},
            "metric: test_loss is of another loss in arm b",
        ),
        (
            MSE,
            {"arms": {"a": {}, "b": {"training.loss": "binary_crossentropy"}}},
            "arms.b: learns a classification by several labels, another arm a regression",
        ),
        ({**MSE, "model.dropout": 0.5, "model.monte_carlo_dropout": 5}, {}, "monte_carlo_dropout"),
        (
            {**MSE, "transfer.source": {"name": "same_class_pairs", "epochs": 1}},
            {},
            "transfer.source: wants classes",
        ),
        ({"training.class_weights": "even"}, {}, "class_weights: wants balanced, or a list"),
    ],
)
def test_what_does_not_fit_the_task_is_told_in_a_line(changes, more, line):
    assert line in told(changes, **more)


@pytest.mark.parametrize(
    ("name", "tag", "better"),
    [
        ("validation_r2_score", "curves/validation_r2_score", "higher"),
        ("train_mean_absolute_error", "curves/train_mean_absolute_error", "lower"),
        ("validation_pinball", "curves/validation_pinball", None),
        ("pretraining_validation_r2_score", "pretraining/validation_r2_score", "higher"),
    ],
)
def test_a_score_of_an_epoch_follows_from_its_name(name, tag, better):
    metric = epoch_metric(name)
    assert (metric.tag, metric.better) == (tag, better)
    assert epoch_metric("no_such_thing") is None
