"""Every task of the compiled loop against ``keras.Model.fit``: same start, same batches.

The losses are Keras's own classes, compiled as a user would; test scores are scikit-learn's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ablations.data.catalog import read
from ablations.study.scores import SCORES
from ablations.study.tasks import CLASSIFICATION, OF_LOSS, REGRESSION, SEVERAL_LABELS
from tests.support.running import make_recipe, train_into
from tests.support.tasks import PACKAGE

FRESH_PROGRAMS = True

ROUNDING = 2e-5
"""Of weights of the size of one, after a dozen steps; most are within 1e-6."""
EPOCHS = 2
PATIENTS = {"data.name": "diabetes", "training.optimizer.learning_rate": 1e-3}
TARGETS = {"data.name": f"{PACKAGE}.two_targets"}
LABELLED = {"data.name": f"{PACKAGE}.labelled"}
WORDS = {"data.name": f"{PACKAGE}.text", "training.optimizer.learning_rate": 0.5}


@dataclass(frozen=True)
class Case:
    """A recipe, and what a user of Keras would compile for it."""

    name: str
    changes: dict[str, Any]
    loss: tuple[str, dict[str, Any]] = ("SparseCategoricalCrossentropy", {"from_logits": True})
    class_weights: dict[int, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def of_loss(name: str, keras_name: str, of: dict[str, Any], **parameters: Any) -> Case:
    mine = {k: v for k, v in parameters.items() if k != "from_logits"}
    return Case(name, {**of, "training.loss": {"name": name, **mine}}, (keras_name, parameters))


SLOW = pytest.mark.slow
CASES = [
    pytest.param(Case("default", {}), marks=SLOW),
    pytest.param(Case("residual", {"model": f"{PACKAGE}.residual"}), marks=SLOW),
    pytest.param(Case("lstm", {**WORDS, "model": f"{PACKAGE}.lstm"}), marks=SLOW),
    pytest.param(Case("transformer", {**WORDS, "model": f"{PACKAGE}.transformer"}), marks=SLOW),
    Case("inputs", {"data.name": f"{PACKAGE}.halves", "model": f"{PACKAGE}.two_inputs"}),
    Case(
        "class_weights",
        {"training.class_weights": [1.0, 5.0, *[0.5] * 8]},
        class_weights={0: 1.0, 1: 5.0} | dict.fromkeys(range(2, 10), 0.5),
    ),
    Case("sample_weights", {"data.name": f"{PACKAGE}.weighted"}),
    of_loss("mean_squared_error", "MeanSquaredError", TARGETS),
    of_loss("binary_crossentropy", "BinaryCrossentropy", LABELLED, from_logits=True),
]
MORE = [
    of_loss("mean_absolute_error", "MeanAbsoluteError", PATIENTS),
    of_loss("huber", "Huber", PATIENTS, delta=30.0),
    of_loss("log_cosh", "LogCosh", PATIENTS),
    of_loss("mean_absolute_percentage_error", "MeanAbsolutePercentageError", PATIENTS),
    of_loss("mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", PATIENTS),
    of_loss("poisson", "Poisson", {**PATIENTS, "model.activation": "softplus"}),
    of_loss("cosine_similarity", "CosineSimilarity", TARGETS),
    of_loss("binary_focal_crossentropy", "BinaryFocalCrossentropy", LABELLED, from_logits=True),
    of_loss(
        "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", {}, from_logits=True
    ),
    of_loss(
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        {},
        from_logits=True,
        label_smoothing=0.1,
    ),
    of_loss("categorical_focal_crossentropy", "CategoricalFocalCrossentropy", {}, from_logits=True),
]
CASES += [pytest.param(case, marks=SLOW) for case in MORE]


def named(case: Any) -> str:
    return str(case if isinstance(case, Case) else case.values[0])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_trains_as_fit_does(tensorflow, tmp_path, case):
    import keras

    recipe = make_recipe({"training.epochs": EPOCHS, **case.changes})
    ours = train_into(tmp_path / "run", recipe)
    program, data = ours.program, examples(recipe)
    theirs = recipe.model.build(
        data.dataset.input_shape, data.dataset.outputs, None, recipe.training.task
    )
    program.reset(recipe, 0)
    theirs.set_weights([variable.numpy() for variable in program.classifier.weights])
    loss_class, parameters = case.loss
    theirs.compile(
        optimizer=keras.optimizers.SGD(recipe.training.optimizer.learning_rate),
        loss=getattr(keras.losses, loss_class)(**parameters),
    )
    losses = [fit(theirs, data, epoch, case) for epoch in range(1, EPOCHS + 1)]
    program.restore({n: v for n, v in ours.state().items() if n in program.state()})
    for one, other in zip(program.classifier.weights, theirs.weights, strict=True):
        atol = ROUNDING * max(1.0, float(np.abs(one.numpy()).max(initial=0.0)))
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=atol)
    logged = [epoch["train_loss"] for epoch in ours.epochs()]
    np.testing.assert_allclose(logged, losses, rtol=1e-4)
    tested = theirs.evaluate(
        as_inputs(data.dataset.test_features, data.dataset.scale),
        labels_for(case, data.dataset.test_labels, data.dataset.outputs),
        batch_size=100,
        verbose=0,
    )
    assert ours.metrics()["test_loss"] == pytest.approx(tested, rel=1e-4)


def examples(recipe):
    from ablations.training.stage import stages_of
    from ablations.training.trainers.compiled.stage_data import StageData

    return StageData(stages_of(recipe)[0], 0, None)


def as_inputs(features, scale):
    if isinstance(features, dict):
        return {name: as_inputs(features[name], scale[name]) for name in features}
    if features.dtype == np.int32:
        return features
    return features.astype(np.float32) * np.float32(scale)


def labels_for(case, labels, outputs):
    return np.eye(outputs, dtype=np.float32)[labels] if case.loss[0].startswith("Cat") else labels


def fit(model, data, epoch, case):
    """Train one epoch on our batches, in our order; return the loss that Keras logs."""
    rows = data.order(epoch)
    order, dataset = rows.ravel(), data.dataset
    stored = dataset.train_features
    picked = {n: x[order] for n, x in stored.items()} if isinstance(stored, dict) else stored[order]
    weights = None if dataset.train_weights is None else dataset.train_weights[order]
    history = model.fit(
        as_inputs(picked, dataset.scale),
        labels_for(case, dataset.train_labels[order], dataset.outputs),
        batch_size=rows.shape[1],
        class_weight=case.class_weights or None,
        sample_weight=weights,
        shuffle=False,
        verbose=0,
    )
    return history.history["loss"][0]


def test_every_loss_is_held_against_keras():
    tried = {named(case) for case in CASES}
    assert set(OF_LOSS) <= tried


REGRESSIONS = {
    "mean_absolute_error": lambda m, y, p: m.mean_absolute_error(y, p),
    "mean_squared_error": lambda m, y, p: m.mean_squared_error(y, p),
    "root_mean_squared_error": lambda m, y, p: m.mean_squared_error(y, p) ** 0.5,
    "mean_absolute_percentage_error": lambda m, y, p: 100 * m.mean_absolute_percentage_error(y, p),
    "mean_squared_logarithmic_error": lambda m, y, p: np.mean(
        (np.log1p(np.maximum(y, 0)) - np.log1p(np.maximum(p, 0))) ** 2
    ),
    "log_cosh_error": lambda m, y, p: np.mean(np.logaddexp(p - y, y - p) - np.log(2)),
    "r2_score": lambda m, y, p: m.r2_score(y, p),
    "cosine_similarity": lambda m, y, p: np.mean(
        (y * p).sum(1) / np.linalg.norm(y, axis=1) / np.linalg.norm(p, axis=1)
    ),
}
SEVERAL = {
    "binary_accuracy": lambda m, y, p: np.mean((p > 0) == (y > 0)),
    "precision": lambda m, y, p: m.precision_score(y.ravel(), p.ravel() > 0),
    "recall": lambda m, y, p: m.recall_score(y.ravel(), p.ravel() > 0),
    "f1_score": lambda m, y, p: m.f1_score(y, p > 0, average="macro", zero_division=0),
    "auc": lambda m, y, p: m.roc_auc_score(y.ravel(), p.ravel()),
}
CLASSES = {
    "accuracy": lambda m, y, p: np.mean(p.argmax(1) == y),
    "sparse_top_k_categorical_accuracy": lambda m, y, p: m.top_k_accuracy_score(
        y, p, k=3, labels=range(10)
    ),
}
COARSE = {"auc": 2e-3}
"""Keras sums over 200 thresholds."""


@pytest.mark.parametrize(
    ("changes", "oracles"),
    [
        ({**TARGETS, "training.loss": "mean_squared_error"}, REGRESSIONS),
        ({**LABELLED, "training.loss": "binary_crossentropy"}, SEVERAL),
        ({}, CLASSES),
    ],
    ids=["regression", "several labels", "classification"],
)
def test_measures_what_scikit_learn_does(tensorflow, tmp_path, changes, oracles):
    from sklearn import metrics

    named = [{"name": n, "k": 3} if "top_k" in n else n for n in oracles]
    recipe = make_recipe({**changes, "training.metrics": named, "training.epochs": 3})
    ours = train_into(tmp_path / "run", recipe)
    data, program = examples(recipe), ours.program
    restored = {n: v for n, v in ours.state().items() if n in program.state()}
    program.restore({**program.state(), **restored})
    outputs = program.evaluation.outputs(data.test_examples().features).numpy()
    found = {name: ours.metrics()[f"test_{name}"] for name in oracles}
    wanted = {
        n: oracle(metrics, data.dataset.test_labels, outputs) for n, oracle in oracles.items()
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=COARSE.get(name, 1e-4), abs=1e-6), name
    last = ours.epochs()[-1]
    assert {f"validation_{name}" for name in oracles} <= last.keys()
    assert all(
        f"validation_{n}_{end}" in ours.metrics() for n in oracles for end in ("best", "last")
    )


def test_every_score_is_held_against_scikit_learn():
    assert set(SCORES) == {*REGRESSIONS, *SEVERAL, *CLASSES}


def test_a_loss_and_a_metric_of_ones_own_are_those_of_their_function(tensorflow, tmp_path):
    own = {"name": f"{PACKAGE}.pinball", "share": 0.5}
    measure = {**own, "better": "lower"}
    changes = {**TARGETS, "training.metrics": [measure], "training.epochs": 2}
    by_hand = train_into(tmp_path / "own", make_recipe({**changes, "training.loss": own}))
    half = [by_hand.metrics()[f"test_{name}"] for name in ("pinball", "loss")]
    assert half == pytest.approx([by_hand.metrics()["test_mean_absolute_error"] / 2] * 2, rel=1e-5)


def test_one_function_measures_twice_under_names_of_the_studys(tensorflow, tmp_path):
    own = {"name": f"{PACKAGE}.pinball", "better": "lower"}
    measures = [{**own, "share": 0.5}, {**own, "share": 1.0, "as": "missed_below"}]
    recipe = make_recipe({**TARGETS, "training.loss": "mse", "training.metrics": measures})
    found = train_into(tmp_path / "own", recipe).metrics()
    assert found["test_pinball"] > 0
    assert found["test_missed_below"] not in (found["test_pinball"], 0)
    assert "validation_missed_below_last" in found


@pytest.mark.parametrize(
    ("second", "line"),
    [
        ({}, 'the name "pinball" is taken; wants as: NAME beside it'),
        ({"as": "accuracy"}, 'as: wants a name that no metric of Keras has, got "accuracy"'),
        ({"as": "off by"}, 'as: wants a name that no metric of Keras has, got "off by"'),
    ],
)
def test_two_metrics_of_one_name_are_refused(second, line):
    own = {"name": f"{PACKAGE}.pinball", "better": "lower"}
    changes = {**TARGETS, "training.loss": "mse", "training.metrics": [own, {**own, **second}]}
    with pytest.raises(ValueError, match=re.escape(line)):
        make_recipe(changes)


GRADERS = {
    "mean_loss": r"wants a number for each example, \[B\], got shape \(\)",
    "by_numpy": r"tasks\.py:\d+: \w+: .*NumPy",
    "returns_nothing": r"wants a number for each example, \[B\], got NoneType",
    "LossClass": r"LossClass: is a class; wants a function\(y_true, y_pred\)",
    "pinball": r"'shre'; is called as pinball\(\[B, 1\], \[B, 1\], shre=0\.5\), wants a function",
}
"""Function of the user's, wrongly called or wrong → what is said of it."""


@pytest.mark.parametrize("place", ["training.loss", "training.metrics"])
@pytest.mark.parametrize("function", GRADERS)
def test_a_loss_or_a_metric_that_cannot_be_called_is_told_before_training(
    tensorflow, function, place
):
    from ablations.errors import UserCodeError
    from ablations.training.trainers.compiled.rehearsal import check_grading

    own = {"name": f"{PACKAGE}.{function}", **({"shre": 0.5} if function == "pinball" else {})}
    value = [{**own, "better": "lower"}] if place == "training.metrics" else own
    training = make_recipe({**TARGETS, "training.loss": "mse", place: value}).training
    with pytest.raises(UserCodeError, match=f"arm a: .*{GRADERS[function]}"):
        check_grading("a", training, 1)


@pytest.mark.parametrize(
    ("changes", "outputs"),
    [
        ({**TARGETS, "training.loss": {"name": f"{PACKAGE}.pinball", "share": 0.5}}, 1),
        ({"training.metrics": ["sparse_top_k_categorical_accuracy"]}, 10),
        ({**LABELLED, "training.loss": "binary_crossentropy", "training.metrics": ["auc"]}, 3),
    ],
)
def test_what_can_be_called_is_not_refused(tensorflow, changes, outputs):
    from ablations.training.trainers.compiled.rehearsal import check_grading

    check_grading("a", make_recipe(changes).training, outputs)


@pytest.mark.parametrize(
    ("changes", "task", "hint"),
    [
        ({"data.name": "diabetes"}, CLASSIFICATION, "training.loss: mean_squared_error"),
        (
            LABELLED,
            CLASSIFICATION,
            "training.loss: binary_crossentropy learns a classification by several labels",
        ),
        ({}, SEVERAL_LABELS, "training.loss: sparse_categorical_crossentropy"),
        ({"data.name": "diabetes"}, SEVERAL_LABELS, "training.loss: mean_squared_error"),
    ],
    ids=["numbers", "several_labels", "classes", "numbers_for_several_labels"],
)
def test_labels_of_another_task_are_told_its_loss(changes, task, hint):
    from ablations.errors import DataError

    with pytest.raises(DataError, match=hint) as caught:
        read(changes.get("data.name", "digits"), None, None, task)
    assert "\n" not in str(caught.value)


def test_balanced_classes_weigh_the_same_in_sum(tensorflow):
    from ablations.data.weights import example_weights

    data = read("digits", None)
    weights = example_weights(data, "balanced")
    sums = np.bincount(data.train_labels, weights)
    np.testing.assert_allclose(sums, len(data.train_labels) / 10, rtol=1e-5)


def test_numbers_of_several_targets_are_read_as_they_are():
    data = read(f"{PACKAGE}.two_targets", None, None, REGRESSION)
    assert (data.outputs, data.train_labels.dtype) == (2, np.float32)
