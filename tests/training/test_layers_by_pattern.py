"""Layers chosen by a pattern of their names: for penalties, max-norm and dropout."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.errors import ModelError
from ablations.techniques.catalog import FAMILIES
from ablations.techniques.keras.layer_names import kernels
from tests.support.running import make_recipe
from tests.support.user_code import PACKAGE
from tests.techniques.test_catalogue import naming, refusal

LIMIT = {"name": "max_norm", "limit": 0.15}


def test_max_norm_holds_the_hidden_layers_and_leaves_the_outputs_free(recipe, train):
    changes = {"training.optimizer.learning_rate": 0.3, "training.epochs": 2}
    hidden = train(recipe({**changes, "training.constraint": {**LIMIT, "layers": "hidden.*"}}))
    everywhere = train(recipe({**changes, "training.constraint": LIMIT}))
    norms, held = (
        [np.linalg.norm(kernel, axis=0).max() for kernel in run.weights()[::2]]
        for run in (hidden, everywhere)
    )
    assert max(norms[:2]) <= 0.15 * (1 + 1e-6) < 0.5 < norms[2]
    assert max(held) <= 0.15 * (1 + 1e-6)


def test_a_penalty_is_that_of_the_chosen_kernels(recipe, train):
    pattern = {"name": "l2", "strength": 0.5, "layers": "hidden2|outputs"}
    trained = train(recipe({"training.regularization": pattern}))
    (penalty,) = trained.program.loop._penalties()
    squares = [float(np.square(kernel.astype(float)).sum()) for kernel in trained.weights()[::2]]
    assert float(penalty) == pytest.approx(0.5 * sum(squares[1:]), rel=1e-5)
    assert squares[0] > 0.1


def test_a_pattern_finds_the_layers_of_a_network_that_is_partly_frozen(recipe, train):
    transfer = {
        "transfer.source": {"name": "autoencoder", "epochs": 1},
        "transfer.freeze": "hidden1",
        "training.regularization": {"name": "l1", "layers": "hidden.*"},
        "training.constraint": {**LIMIT, "layers": "hidden1"},
    }
    for cached in (False, True):
        techniques = train(recipe({**transfer, "transfer.cache": cached})).program.techniques
        assert [v.path for v in techniques.penalized] == ["hidden2/kernel"]
        assert techniques.projected == ()  # frozen weights stay as they are


@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn"])
def test_the_names_that_a_recipe_is_checked_by_are_those_of_the_built_model(tensorflow, name):
    declared = {"name": name, "hidden": [3, 4]}
    technique = make_recipe({"model": declared}).model
    built = {
        layer.removesuffix("/recurrent_kernel") for layer in kernels(technique.build((8, 8), 5))
    }
    assert set(technique.kernel_layers) == built


def test_every_model_knows_its_layers_or_is_a_users():
    for technique in FAMILIES["model"].techniques:
        assert technique.needs_building or technique.kernel_layers is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            naming("regularization", "l1", layers="hiden.*"),
            'base.training.regularization.layers: "hiden.*" matches no layer with a kernel; '
            "Known: hidden1, hidden2, outputs",
        ),
        (
            {**naming("constraint", "max_norm", layers="hidden3"), "model": {"name": "rnn"}},
            'base.training.constraint.layers: "hidden3" matches no layer with a kernel; '
            "Known: hidden1/cell, outputs",
        ),
        (
            {"model.dropout": 0.5, "model.dropout_layers": "outputs"},
            'dropout_layers: "outputs" matches no hidden dense layer; Known: hidden1, hidden2',
        ),
        (naming("constraint", "max_norm", layers="("), '"(" is no regular expression'),
    ],
    ids=["penalty", "max-norm", "dropout", "no pattern"],
)
def test_a_pattern_that_matches_no_layer_is_refused_with_its_place(changes, message):
    (line,) = refusal(changes).splitlines()
    assert line.startswith("s.yaml:")
    assert message in line


def test_a_users_layers_are_found_before_training(tensorflow):
    from ablations.data.catalog import describe
    from ablations.execution.checks import can_misfit
    from ablations.training.trainers.compiled.transfer import check_transfer

    def check(pattern):
        model = {"name": f"{PACKAGE}.sequential"}
        wanted = make_recipe({"model": model, **naming("regularization", "l2", layers=pattern)})
        assert can_misfit(wanted, {})
        check_transfer("a", wanted, {wanted.data: describe("digits", None)}, [0])
        return wanted.model.build((8, 8), 10)

    with pytest.raises(ModelError, match=r'arm a: training.regularization.layers: "no" matches no'):
        check("no")
    assert kernels(check(".*"))


def test_dropout_stands_behind_the_chosen_layers_alone(tensorflow):
    shared = {"hidden": [4, 4, 4], "dropout": 0.5, "dropout_layers": "hidden[23]"}
    for more in ({"name": "mlp"}, {"name": "cnn", "filters": [2]}):
        model = make_recipe({"model": {**shared, **more}}).model.build((8, 8), 3)
        found = [layer.name for layer in model.layers if "dropout" in layer.name]
        assert found == ["dropout2", "dropout3"]
