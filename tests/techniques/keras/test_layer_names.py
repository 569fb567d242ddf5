"""Which weights are kernels: one notion, for penalties, max-norm, histograms and sparsity."""

from __future__ import annotations

import pytest

from ablations.techniques.keras.layer_names import kernels


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"model.normalization": "batch_norm"}, {"hidden1", "hidden2", "outputs"}),
        ({"model": {"name": "cnn", "filters": [2], "hidden": [4], "activation": "prelu"}}, None),
        (
            {"model": {"name": "rnn", "cell": "gru", "hidden": [3]}},
            {"hidden1/cell", "hidden1/cell/recurrent_kernel", "outputs"},
        ),
    ],
    ids=["mlp", "cnn", "gru"],
)
def test_biases_slopes_and_scales_are_none(tensorflow, recipe, changes, wanted):
    model = recipe(changes).model.build((8, 8), 10)
    assert set(kernels(model)) == (wanted or {"convolution1", "hidden1", "outputs"})


def test_what_a_user_calls_otherwise_is_one(tensorflow):
    import keras

    class Own(keras.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1], 3), name="w")
            self.table = self.add_weight(shape=(4, 4), name="table", trainable=False)

        def call(self, inputs):
            return inputs @ self.w

    inputs = keras.Input((5,))
    model = keras.Model(inputs, Own(name="own")(inputs))
    assert set(kernels(model)) == {"own/w"}
    words = keras.Sequential([keras.Input((1,)), keras.layers.Embedding(7, 2, name="words")])
    assert set(kernels(words)) == {"words/embeddings"}


def test_penalties_and_sparsity_are_about_the_same_weights(tensorflow, recipe, train):
    changes = {
        "model": {"name": "rnn", "cell": "gru", "hidden": [3]},
        "training.constraint": "max_norm",
    }
    program = train(recipe(changes)).program
    penalized = [variable.path for variable in program.techniques.projected]
    assert sorted(penalized) == sorted(k.path for k in kernels(program.classifier).values())
