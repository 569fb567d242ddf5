"""Models and data of other tasks than images with one label each: text, several labels, two inputs.

The text is that of the Python standard library, which is on any machine.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path

import numpy as np

PACKAGE = "python:tests.support.tasks"
PACKAGES = ("asyncio", "email", "unittest")
WORDS, LENGTH = 300, 24
LOOPS = (0, 6, 8, 9)


def _digits():
    from ablations.data.catalog import read

    data = read("digits", None)
    return data.train_features, data.train_labels, data.test_features, data.test_labels


def text(length=LENGTH):
    """Windows of words [N, T] of three packages' sources, and which package each is from."""
    words = [_words(package) for package in PACKAGES]
    common = Counter(word for of_package in words for word in of_package).most_common(WORDS - 1)
    numbers = {word: number for number, (word, _) in enumerate(common, start=1)}
    rows, labels = [], []
    for label, of_package in enumerate(words):
        tokens = [numbers.get(word, 0) for word in of_package]
        windows = len(tokens) // length
        rows.append(np.array(tokens[: windows * length]).reshape(windows, length))
        labels.append(np.full(windows, label))
    return {"x": np.concatenate(rows), "y": np.concatenate(labels)}


def _words(package):
    spec = importlib.util.find_spec(package)
    files = sorted(Path(spec.submodule_search_locations[0]).glob("*.py"))
    return [word for file in files for word in re.findall(r"[A-Za-z_]+", file.read_text("utf-8"))]


def labelled():
    """Digits, each with three labels: even, above four, has a loop."""
    x_train, y_train, x_test, y_test = _digits()
    return (x_train, _three(y_train)), (x_test, _three(y_test))


def _three(digits):
    return np.stack([digits % 2 == 0, digits > 4, np.isin(digits, LOOPS)], axis=1).astype(np.int8)


def halves():
    """Digits as two inputs: the upper and the lower half of each image."""
    x_train, y_train, x_test, y_test = _digits()
    return {
        "x_train": {"upper": x_train[:, :4], "lower": x_train[:, 4:]},
        "y_train": y_train,
        "x_test": {"upper": x_test[:, :4], "lower": x_test[:, 4:]},
        "y_test": y_test,
    }


def two_targets():
    """Of the diabetes patients, the progression of the disease and one of the measures."""
    from ablations.data.catalog import read
    from ablations.study.tasks import REGRESSION

    data = read("diabetes", None, None, REGRESSION)
    x, y = (
        np.concatenate(each)
        for each in (
            (data.train_features, data.test_features),
            (data.train_labels[:, 0], data.test_labels[:, 0]),
        )
    )
    return {"x": x[:, :9], "y": np.stack([y / 100, 10 * x[:, 9]], axis=1)}


def weighted():
    """Digits of which the first ones count more."""
    x_train, y_train, x_test, y_test = _digits()
    weights = np.linspace(0, 2, len(y_train))
    train = {"x_train": x_train, "y_train": y_train, "sample_weights": weights}
    return {**train, "x_test": x_test, "y_test": y_test}


def residual(input_shape, outputs, filters=8):
    """A small residual network on images."""
    import keras

    layers = keras.layers
    inputs = keras.Input(input_shape)
    signal = layers.Reshape((*input_shape, 1))(inputs)
    signal = layers.Conv2D(filters, 3, padding="same", activation="relu")(signal)
    for _ in range(2):
        branch = layers.Conv2D(filters, 3, padding="same", use_bias=False)(signal)
        branch = layers.ReLU()(layers.BatchNormalization()(branch))
        branch = layers.Conv2D(filters, 3, padding="same")(branch)
        signal = layers.ReLU()(layers.Add()([signal, branch]))
    signal = layers.GlobalAveragePooling2D()(signal)
    return keras.Model(inputs, layers.Dense(outputs)(signal))


def lstm(input_shape, outputs, units=16):
    """Reads whole numbers, as declared."""
    import keras

    inputs = keras.Input(input_shape, dtype="int32")
    signal = keras.layers.Embedding(WORDS, units)(inputs)
    signal = keras.layers.LSTM(units)(signal)
    return keras.Model(inputs, keras.layers.Dense(outputs)(signal))


def transformer(input_shape, outputs, width=16, heads=2):
    """One block of attention over words and their places."""
    import keras

    layers = keras.layers
    inputs = keras.Input(input_shape, dtype="int32")
    places = keras.ops.cumsum(keras.ops.ones_like(inputs), axis=1) - 1
    signal = layers.Embedding(WORDS, width)(inputs)
    signal = signal + layers.Embedding(input_shape[0], width)(places)
    attended = layers.MultiHeadAttention(heads, width // heads)(signal, signal)
    signal = layers.LayerNormalization()(layers.Add()([signal, attended]))
    inner = layers.Dense(width)(layers.Dense(2 * width, activation="relu")(signal))
    signal = layers.LayerNormalization()(layers.Add()([signal, inner]))
    pooled = layers.GlobalAveragePooling1D()(signal)
    return keras.Model(inputs, layers.Dense(outputs)(pooled))


def two_inputs(input_shape, outputs, width=16):
    """A branch for each input, joined; the inputs are told by their names alone."""
    import keras

    inputs = [keras.Input(input_shape[name], name=name) for name in ("lower", "upper")]
    branches = [keras.layers.Flatten()(each) for each in inputs]
    branches = [keras.layers.Dense(width, activation="relu")(each) for each in branches]
    joined = keras.layers.Concatenate()(branches)
    return keras.Model(inputs, keras.layers.Dense(outputs)(joined))


def pinball(y_true, y_pred, share=0.9):
    """The quantile loss, of each example a mean over targets."""
    import tensorflow as tf

    error = y_true - y_pred
    return tf.reduce_mean(tf.maximum(share * error, (share - 1) * error), axis=-1)


def mean_loss(y_true, y_pred):
    return 0.5


def by_numpy(y_true, y_pred):
    return np.abs(y_true - y_pred)


def returns_nothing(y_true, y_pred):
    return None


class LossClass:
    def __init__(self, weight=1.0):
        self.weight = weight
