"""Initial weights come from the recipe's technique, or from the layer's own initializer, seeded."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.running import same_bits


@pytest.mark.parametrize("gain", [0.0, 1.0, 7.0])
def test_identity_starts_at_its_gain(tensorflow, recipe, train, gain):
    settings = recipe({"model.initializer": {"name": "identity", "gain": gain}})
    program = train(settings).program
    program.reset(settings, 0)
    kernel = program.classifier.get_layer("hidden1").kernel.numpy()
    np.testing.assert_array_equal(kernel, gain * np.eye(64, 8))


def initialized(model, seed):
    from ablations.training.trainers.compiled.initialize import initialize

    initialize(model, seed, {}, lambda: pytest.fail("nothing need be built anew"))
    return model.layers[-1].kernel.numpy()


def model_starting_by(initializer):
    import keras

    inputs = keras.Input((5,))
    dense = keras.layers.Dense(4, kernel_initializer=initializer, name="dense")
    return keras.Model(inputs, dense(inputs))


def test_a_users_initializer_without_get_config_keeps_its_parameters(tensorflow):
    import keras

    class Own(keras.initializers.Initializer):
        def __init__(self, scale):
            self.scale = scale

        def __call__(self, shape, dtype=None):
            return self.scale * keras.random.normal(shape, dtype=dtype)

    class Seeded(Own):
        seed = 5

        def __call__(self, shape, dtype=None):
            return self.scale * keras.random.normal(shape, dtype=dtype, seed=self.seed)

    for kind in (Own, Seeded):
        model = model_starting_by(kind(100.0))
        first = initialized(model, 1)
        assert np.abs(first).max() > 20
        assert not np.array_equal(first, initialized(model, 2))
        assert np.array_equal(first, initialized(model, 1))


def test_the_users_own_object_is_left_as_it_is(tensorflow):
    import keras

    own = keras.initializers.HeNormal(seed=11)
    initialized(model_starting_by(own), 1)
    assert own.seed == 11


def test_layers_of_a_pretraining_that_the_model_lacks_start_as_keras_has_them(recipe, train):
    source = {"name": "autoencoder", "epochs": 1}
    one, other = (
        recipe({"transfer.source": source, "model.initializer": {"name": "constant", "value": v}})
        for v in (0.0, 0.1)
    )
    first = train(one)
    decoders = []
    for settings in (one, other):
        *_, program = (p for p in first.programs._kept.values() if p.model.name == "autoencoder")
        program.reset(settings, 3)
        state = program.state()
        decoders.append({name: state[name] for name in state if "decoder" in name})
        assert np.ptp(program.classifier.get_layer("hidden1").kernel.numpy()) == 0
    assert same_bits(*decoders)
    assert any(np.ptp(array) > 0 for array in decoders[0].values())
