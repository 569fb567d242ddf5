"""What a user might bring: models and data, good and bad."""

from __future__ import annotations

import os

import numpy as np

PACKAGE = "python:tests.support.user_code"


def build(input_shape, classes, hidden=(8,), activation="relu"):
    """A functional model whose layers Keras names."""
    import keras

    signal = inputs = keras.Input(input_shape)
    signal = keras.layers.Flatten()(signal)
    for width in hidden:
        signal = keras.layers.Dense(width, activation=activation)(signal)
        signal = keras.layers.Dropout(0.25)(signal)
    return keras.Model(inputs, keras.layers.Dense(classes)(signal))


def biased(input_shape, classes, hidden=(8,), bias=0.0):
    """Rectified layers, the first of which starts at a bias."""
    import keras

    signal = inputs = keras.Input(input_shape)
    signal = keras.layers.Flatten()(signal)
    start = keras.initializers.Constant(bias)
    first, *others = hidden
    layer = keras.layers.Dense(first, "relu", bias_initializer=start, name="first")
    signal = layer(signal)
    for number, width in enumerate(others, start=2):
        signal = keras.layers.Dense(width, "relu", name=f"layer{number}")(signal)
    return keras.Model(inputs, keras.layers.Dense(classes, name="outputs")(signal))


def normalized(input_shape, classes, hidden=(8,), activation="relu"):
    """A model with batch normalization of Keras, which draws nothing as it trains."""
    import keras

    signal = inputs = keras.Input(input_shape)
    signal = keras.layers.Flatten()(signal)
    for width in hidden:
        signal = keras.layers.Dense(width, activation=activation)(signal)
        signal = keras.layers.BatchNormalization()(signal)
    return keras.Model(inputs, keras.layers.Dense(classes)(signal))


def sequential(input_shape, classes):
    """Declares no inputs; the LSTM inside starts its forget gate's bias at 1."""
    import keras

    reader = keras.Sequential([keras.layers.LSTM(5), keras.layers.Dense(6)])
    return keras.Sequential([reader, keras.layers.ReLU(), keras.layers.Dense(classes)])


def subclass(input_shape, classes):
    """A subclass with a layer of its own, which keeps no initializer, and an unused weight."""
    import keras

    class Scaled(keras.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(shape[-1],), initializer="uniform", name="scale")
            self.unused = self.add_weight(shape=(1,), initializer="zeros", name="unused")

        def call(self, inputs):
            return inputs * self.scale

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [keras.layers.Flatten(), Scaled(), keras.layers.Dense(classes)]

        def call(self, inputs):
            for part in self.parts:
                inputs = part(inputs)
            return inputs

    return Net()


def same(input_shape, classes):
    """Layers of one shape inside layers of one name."""
    import keras

    def block():
        return keras.Sequential([keras.layers.Dense(16, name="inner")], name="block")

    signal = inputs = keras.Input(input_shape)
    signal = keras.layers.Dense(16, name="inner")(keras.layers.Flatten()(signal))
    for number in range(2):
        signal = keras.layers.Add()([signal, block()(signal)] if number else [signal, signal])
    return keras.Model(inputs, keras.layers.Dense(classes)(signal))


def embedding(input_shape, classes):
    """Reads its inputs as whole numbers; the gradient of an embedding is sparse."""
    import keras

    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Rescaling(16),
            keras.layers.Embedding(17, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, trainable=True),
        ]
    )


def no_model(input_shape, classes):
    return classes


def too_wide(input_shape, classes):
    return build(input_shape, classes + 1)


def softmax(input_shape, classes):
    import keras

    return keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(classes, activation="softmax")]
    )


def no_classes(input_shape):
    raise AssertionError("nobody calls it")


def with_its_own(method):
    """A function for a model that overrides a method of training."""

    def make(input_shape, classes):
        import keras

        def override(self, *arguments, **options):
            raise AssertionError("nobody calls it")

        kind = type("Own", (keras.Model,), {method: override})
        inputs = keras.Input(input_shape)
        return kind(inputs, keras.layers.Dense(classes)(keras.layers.Flatten()(inputs)))

    return make


own_train_step = with_its_own("train_step")
own_compute_loss = with_its_own("compute_loss")
own_fit = with_its_own("fit")


def compiled(input_shape, classes):
    model = build(input_shape, classes)
    model.compile("sgd", "mse")
    return model


def of_one_shape_only(input_shape, classes):
    return build((3, 3), classes)


def raises(input_shape, classes):
    raise LookupError("no weights\nhere")


def dies(input_shape, classes):
    os._exit(7)


def blobs():
    """Three clouds of points, as Keras's data sets come."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 300)
    points = generator.normal(size=(300, 4)) + 3 * labels[:, None]
    return (points[:240], labels[:240]), (points[240:], labels[240:, None])


def blobs_by_name():
    (x, y), _ = blobs()
    return {"x": x, "y": y}


def no_data():
    return 3


LEAKED = []
ROOM_BYTES = 200 * 2**20


def may_go_wrong(input_shape, classes, way="not"):
    """Builds like any other; its training hangs, or takes memory that it keeps until none is."""
    import resource
    import time

    import keras

    class GoesWrong(keras.layers.Layer):
        def call(self, inputs, training=None):
            while training and way == "hangs":
                time.sleep(1)
            if training and way == "leaks":
                with open("/proc/self/statm") as stream:
                    used = int(stream.read().split()[0]) * resource.getpagesize()
                resource.setrlimit(resource.RLIMIT_AS, (used + ROOM_BYTES, used + ROOM_BYTES))
            while training and way == "leaks":
                LEAKED.append(np.ones(2**20))
            return inputs

    return keras.Sequential([keras.layers.Flatten(), GoesWrong(), keras.layers.Dense(classes)])
