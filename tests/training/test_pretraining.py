"""Pretraining: what each task computes, and that its hidden layers are fine-tuned afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference.activations import elu
from tests.support.running import same_bits

KINDS = {
    "whole": {"name": "autoencoder"},
    "denoising": {"name": "autoencoder", "noise": 0.2, "dropout": 0.1},
    "greedy": {"name": "autoencoder", "greedy": True, "noise": 0.1},
    "pairs": {"name": "same_class_pairs"},
    "joined pairs": {"name": "same_class_pairs", "head": "concatenated", "head_units": 5},
    "corrupted": {"name": "good_or_corrupted", "corruption": 0.5},
}
NO_LABELS = ("whole", "denoising", "greedy", "corrupted")


def pretrained(kind, epochs=4, **more):
    optimizer = {"name": "adam", "learning_rate": 0.01}
    source = {**KINDS[kind], "epochs": epochs, "optimizer": optimizer, "examples": 400}
    return {"transfer.source": {**source, **more}}


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"joined pairs"}))
def test_the_task_is_learned_and_its_hidden_layers_are_handed_on(kind, recipe, train):
    frozen = {**pretrained(kind), "transfer.freeze": "hidden.*", "training.epochs": 2}
    trained = train(recipe(frozen))
    scratch = train(recipe())
    *before, own = trained.result.stages
    names = ["pretrain1", "pretrain2"] if kind == "greedy" else ["pretrain"]
    assert [stage.name for stage in before] == names
    assert [(stage.epochs, stage.updates) for stage in before] == [(4, 80)] * len(names)
    assert (own.name, own.epochs, own.updates) == ("fine_tune", 2, 6)
    lines = trained.epochs()[: 4 * len(names)]
    assert lines[3]["pretraining_validation_loss"] < lines[0]["pretraining_validation_loss"]
    accuracies = [line["pretraining_accuracy"] for line in lines]
    if "autoencoder" in str(KINDS[kind]):  # there is no right or wrong
        assert accuracies == [None] * len(lines)
    else:
        assert accuracies[3] > 0.5
    for one, other in zip(trained.weights()[:4], scratch.weights()[:4], strict=True):
        assert not np.array_equal(one, other)
    assert trained.result.metrics.keys() == scratch.result.metrics.keys()


def test_a_concatenated_head_is_learned(recipe, train):
    changes = {**pretrained("joined pairs", 10), "model.hidden": [30, 20]}
    lines = train(recipe(changes)).epochs()[:10]
    assert lines[0]["pretraining_accuracy"] < 0.6 < 0.7 < lines[9]["pretraining_accuracy"]


@pytest.mark.parametrize("kind", NO_LABELS)
def test_a_task_without_labels_reads_none(kind, recipe, train, monkeypatch):
    from ablations.data import catalog

    def weights():
        return train(recipe({**pretrained(kind, 1), "transfer.freeze": "hidden.*"})).weights()

    with_labels = weights()
    real, read = catalog.read("digits", None), catalog.read
    shuffled = real.train_labels[np.random.default_rng(0).permutation(len(real.train_labels))]
    other = type(real)(**{**vars(real), "train_labels": shuffled})
    monkeypatch.setattr(catalog, "read", lambda *a: other if a[0] == "digits" else read(*a))
    for one, two in zip(with_labels[:4], weights()[:4], strict=True):
        assert np.array_equal(one, two)


def test_each_level_of_a_greedy_autoencoder_leaves_those_below_alone(recipe, train):
    one, two = (train(recipe({**pretrained("greedy"), "model.hidden": hidden,
                              "transfer.freeze": "hidden.*"}))
                for hidden in ([8], [8, 6]))  # fmt: skip
    first = [{n.split("/", 2)[2]: a for n, a in run.state().items() if n.startswith("model")}
             for run in (one, two)]  # fmt: skip
    lowest = [{n: a for n, a in state.items() if n.startswith("hidden1")} for state in first]
    assert lowest[0]
    assert same_bits(*lowest)


def test_pretraining_repeats_itself_in_used_programs(recipe, train):
    wanted = recipe({**pretrained("greedy"), "model.activation": "rrelu"})
    first = train(wanted, seed=1)
    train(wanted, seed=2, programs=first.programs)
    again = train(wanted, seed=1, programs=first.programs)
    assert again.result.seconds["compile"] == 0
    assert same_bits(first.state(), again.state())
    assert again.epochs() == first.epochs()


EVERY_SETTING = {
    "training.batch_size": 10,
    "training.epochs": 3,
    "training.optimizer": "adam",
    "training.metrics": ["sparse_top_k_categorical_accuracy"],
    "training.class_weights": "balanced",
    "training.schedule": "cosine",
    "training.clipping": "by_norm",
    "training.regularization": {"name": "l1_l2", "l2": 0.1},
    "training.constraint": "max_norm",
    "training.augmentation": {"noise": 0.1},
    "training.weight_average": "ema",
    "training.early_stopping": "patience",
    "training.label_smoothing": 0.1,
    "training.precision": "mixed_bfloat16",
    "training.keep_checkpoint": True,
}
INHERITED = {"clipping", "precision", "optimizer", "batch_size"}


def test_pretraining_inherits_clipping_optimizer_and_batch_size_and_nothing_else(recipe):
    from ablations.study.training_recipe import TrainingRecipe
    from ablations.training.stage import stages_of

    fields = TrainingRecipe.model_fields
    assert {path.removeprefix("training.") for path in EVERY_SETTING} == fields.keys() - {"loss"}
    whole = recipe({**EVERY_SETTING, "transfer.source": {"name": "autoencoder", "epochs": 7}})
    stage, own = stages_of(whole)
    defaults = {name: field.default for name, field in fields.items()} | {"epochs": 7}
    own_values, wanted = dict(own.recipe.training), dict(whole.training)
    assert own_values == wanted
    same = [name for name in defaults if wanted[name] == defaults[name]]
    assert same == ["loss"]  # of which label smoothing wants the default
    assert dict(stage.recipe.training) == {
        name: wanted[name] if name in INHERITED else default for name, default in defaults.items()
    }
    assert stage.recipe.model == whole.model
    assert stage.recipe.transfer is None


def test_pretraining_may_name_its_own_optimizer_and_batch_size(recipe):
    from ablations.training.stage import stages_of

    named = {"batch_size": 4, "optimizer": {"name": "sgd", "learning_rate": 0.5}}
    whole = recipe({**EVERY_SETTING, **pretrained("whole", **named)})
    training = stages_of(whole)[0].recipe.training
    assert training.batch_size == 4
    assert (training.optimizer.name, training.optimizer.learning_rate) == ("sgd", 0.5)
    assert training.clipping == whole.training.clipping


def build(recipe, source, stage=0):
    """Return the network of one stage, its weights drawn at random, and the weights by name."""
    from ablations.training.stage import StageSetup
    from ablations.training.trainers.compiled.initialize import initialize
    from ablations.training.trainers.compiled.network import assemble
    from ablations.training.trainers.compiled.weights import weights_of

    wanted = recipe({"transfer.source": {**source, "epochs": 1}})
    technique = wanted.transfer.source
    network = assemble(wanted.model, (8, 8), 10, StageSetup(technique, stage))
    initialize(network.model, 3, {}, lambda: network.model)
    return network, weights_of(network.model)


def dense(weights, layer, signal):
    return signal @ weights[f"{layer}/kernel"] + weights[f"{layer}/bias"]


@pytest.fixture
def pixels():
    return np.random.default_rng(0).random((6, 8, 8)).astype(np.float32)


def test_an_autoencoder_equals_numpy(tensorflow, recipe, pixels):
    flat = pixels.reshape(6, 64)
    network, w = build(recipe, KINDS["whole"])
    hidden1 = elu(dense(w, "hidden1", flat))
    hidden2 = elu(dense(w, "hidden2", hidden1))
    decoded = dense(w, "decoder2", elu(dense(w, "decoder1", hidden2)))
    residuals = network.model(pixels).numpy()
    np.testing.assert_allclose(residuals, decoded - flat, atol=1e-5)
    losses, correct = network.objective(residuals, np.zeros(6, np.int32))
    np.testing.assert_allclose(losses, ((decoded - flat) ** 2).mean(axis=1), rtol=1e-5)
    assert np.isnan(correct).all()

    network, w = build(recipe, KINDS["greedy"], stage=1)
    below = elu(dense(w, "hidden1", flat))
    decoded = dense(w, "level2_decoder1", elu(dense(w, "hidden2", below)))
    np.testing.assert_allclose(network.model(pixels), decoded - below, atol=1e-5)
    trained = {variable.path for variable in network.model.trainable_variables}
    assert trained == {
        f"{a}/{b}" for a in ("hidden2", "level2_decoder1") for b in ("kernel", "bias")
    }


def test_the_pair_task_equals_numpy(tensorflow, recipe, pixels):
    network, w = build(recipe, KINDS["pairs"])
    code = elu(dense(w, "hidden2", elu(dense(w, "hidden1", pixels.reshape(6, 64)))))
    logits = dense(w, "same_class", np.abs(code[0::2] - code[1::2]))
    np.testing.assert_allclose(network.model(pixels), logits, atol=1e-5)
    losses, correct = network.objective(logits.astype(np.float32), np.array([1, 1, 2, 3, 4, 4]))
    z, same = logits[:, 0], np.array([1, 0, 1])
    np.testing.assert_allclose(losses, np.log1p(np.exp(-np.where(same, z, -z))), rtol=1e-5)
    assert np.array_equal(correct, (z > 0) == same)


def test_a_concatenated_head_equals_numpy(tensorflow, recipe, pixels):
    network, w = build(recipe, KINDS["joined pairs"])
    code = elu(dense(w, "hidden2", elu(dense(w, "hidden1", pixels.reshape(6, 64)))))
    joined = np.concatenate([code[0::2], code[1::2]], axis=1)
    logits = dense(w, "same_class", elu(dense(w, "pair_head", joined)))
    assert w["pair_head/kernel"].shape == (12, 5)
    np.testing.assert_allclose(network.model(pixels), logits, atol=1e-5)


def test_the_ranked_scores_equal_numpy(tensorflow, recipe, pixels):
    network, w = build(recipe, {**KINDS["corrupted"], "margin": 0.3})
    corrupted = network.model.get_layer("corruption")(pixels, training=True).numpy()
    scores = network.model(pixels).numpy()  # in inference mode: its corruption is another draw
    code = elu(dense(w, "hidden2", elu(dense(w, "hidden1", pixels.reshape(6, 64)))))
    np.testing.assert_allclose(scores[:, 0], dense(w, "score", code)[:, 0], atol=1e-5)
    assert np.array_equal(scores, network.model(pixels))
    losses, correct = network.objective(scores, np.zeros(6, np.int32))
    lead = scores[:, 0] - scores[:, 1]
    np.testing.assert_allclose(losses, np.maximum(0, 0.3 - lead), atol=1e-6)
    assert np.array_equal(correct, lead > 0)
    taken = corrupted == np.roll(pixels, 1, axis=0)
    assert np.array_equal(corrupted, np.where(taken, np.roll(pixels, 1, axis=0), pixels))
    assert abs(taken.mean() - 0.5) < 0.1  # 384 features: four standard errors
