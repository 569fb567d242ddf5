"""Compiled Keras models and data that a user might bring to ``trainer: keras``."""

from __future__ import annotations

import numpy as np

PLACE = "python:tests.support.keras_training"


def classifier(input_shape, classes, width=16, rate=0.05, dropout=0.25):
    import keras

    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def uncompiled(input_shape, classes):
    import keras

    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(classes)])


def diverging(input_shape, classes):
    import keras

    layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(1e30), "mse", metrics=["mae"])
    return model


def contrastive(width=16, temperature=0.5):
    """A network that is built by its first batch, with a train step of its own (SimCLR's loss)."""
    import keras
    import tensorflow as tf

    class Contrastive(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = keras.Sequential(
                [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(width)]
            )
            self.noise = keras.layers.GaussianNoise(0.3)
            self.agreement = keras.metrics.Mean("contrastive_loss")

        def call(self, inputs):
            return self.encoder(inputs)

        def loss_of(self, inputs):
            one = self(self.noise(inputs, training=True))
            other = self(self.noise(inputs, training=True))
            one, other = (tf.math.l2_normalize(side, axis=1) for side in (one, other))
            logits = tf.matmul(one, other, transpose_b=True) / temperature
            labels = tf.range(tf.shape(logits)[0])
            losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
            return tf.reduce_mean(losses)

        def train_step(self, data):
            inputs, _ = data
            with tf.GradientTape() as tape:
                loss = self.loss_of(inputs)
            variables = self.trainable_variables
            self.optimizer.apply_gradients(
                zip(tape.gradient(loss, variables), variables, strict=True)
            )
            self.agreement.update_state(loss)
            return {"contrastive_loss": self.agreement.result()}

        def test_step(self, data):
            self.agreement.update_state(self.loss_of(data[0]))
            return {"contrastive_loss": self.agreement.result()}

        @property
        def metrics(self):
            return [self.agreement]

    model = Contrastive()
    model.compile(keras.optimizers.Adam(0.003))
    return model


def _digits():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels.astype(np.int32)


def pipeline(seed, batch=64, noise=0.0):
    """A ``tf.data`` pipeline that is a function of the seed alone."""
    import tensorflow as tf

    images, labels = _digits()
    order = np.random.default_rng(seed).permutation(len(images))
    train, held, test = np.split(order, [1200, 1500])

    def part(rows):
        return tf.data.Dataset.from_tensor_slices((images[rows], labels[rows]))

    return {
        "train": part(train).shuffle(1200, seed=seed).batch(batch, drop_remainder=True),
        "validation": part(held).batch(100),
        "test": part(test).batch(100),
    }


def batches(seed, epoch):
    """Generators that are a function of seed and epoch."""
    images, labels = _digits()
    order = np.random.default_rng([seed, epoch]).permutation(1200)

    def train():
        for rows in np.split(order, 12):
            yield images[rows], labels[rows]

    return {
        "train": train(),
        "validation": iter([(images[1200:1500], labels[1200:1500])]),
        "test": iter([(images[1500:], labels[1500:])]),
    }


def flat_classifier(width=16):
    return classifier((64,), 10, width)


def stops_at_two(after=2):
    import keras

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 == after:
                self.model.stop_training = True

    return [Stop()]


def raises_at_two(how="raises"):
    """Callbacks that go wrong: one of the user's own, and one of Keras that is told nonsense."""
    import keras

    class Bad(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("boom")

    return [Bad() if how == "raises" else keras.callbacks.EarlyStopping(monitor="val_acuracy")]


def breaks_in_its_step(input_shape, classes):
    import keras

    class Breaks(keras.Sequential):
        def test_step(self, data):
            raise LookupError("no such step")

    model = Breaks([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(classes)])
    model.compile("sgd", "mse")
    return model


def drawing(draws="tf.random.normal", eager=False):
    """A model whose steps add noise, drawn in one of the ways that a user may."""
    import keras
    import tensorflow as tf

    class Drawing(keras.Sequential):
        def noise(self, like):
            if draws == "tf.random.normal":
                return tf.random.normal(tf.shape(like))
            if draws == "keras.random":
                return keras.random.normal(tf.shape(like))
            if draws == "global generator":
                return tf.random.get_global_generator().normal(tf.shape(like))
            return self.unseen[0].normal(tf.shape(like))

        def train_step(self, data):
            return super().train_step((data[0] + self.noise(data[0]), data[1]))

        def test_step(self, data):
            return super().test_step((data[0] + self.noise(data[0]), data[1]))

    model = Drawing([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
    object.__setattr__(model, "unseen", [tf.random.Generator.from_seed(5)])
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], run_eagerly=eager)
    return model


def augmented(seed, epoch, batch=100):
    """Batches with random noise from each of the generators that a seed should reach."""
    import random

    import tensorflow as tf

    images, labels = _digits()
    order = np.random.default_rng([seed, epoch]).permutation(1200)
    images = images + np.random.normal(0, 0.1, images.shape).astype(np.float32)  # noqa: NPY002
    images = images * np.float32(1 + random.random())

    def part(rows):
        return tf.data.Dataset.from_tensor_slices((images[rows], labels[rows]))

    def noisy(image, label):
        return image + 0.1 * tf.random.normal(tf.shape(image)), label

    mapped = part(order).shuffle(1200).map(noisy, num_parallel_calls=tf.data.AUTOTUNE)
    return {
        "train": mapped.batch(batch).prefetch(tf.data.AUTOTUNE),
        "validation": part(np.arange(1200, 1500)).batch(100),
        "test": part(np.arange(1500, 1797)).batch(100),
    }


def mixed_up(seed, batch=100):
    """Mixup as in a public example: random operations in ``Dataset.map``, several at once."""
    import tensorflow as tf

    parts = pipeline(seed, batch)

    def mix(images, labels):
        share = tf.random.gamma((), 0.2) / (tf.random.gamma((), 0.2) + 1)
        return images * (1 - share) + share * tf.reverse(images, [0]), labels

    return {**parts, "train": parts["train"].map(mix, num_parallel_calls=tf.data.AUTOTUNE)}


def only_trains():
    """A model with a train step and nothing else, as in a public example of a VAE."""
    import keras
    import tensorflow as tf

    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = keras.layers.Dense(8), keras.layers.Dense(64)

        def train_step(self, data):
            images = data[0]
            with tf.GradientTape() as tape:
                outputs = self.decoder(self.encoder(images))
                loss = tf.reduce_mean(tf.square(outputs - images))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    model = Autoencoder()
    model.compile("adam")
    return model


def without_a_deterministic_form():
    """A model with an operation that TensorFlow refuses where operations are deterministic."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework import config

    class Refused(keras.Sequential):
        def train_step(self, data):
            if config.is_op_determinism_enabled():
                message = "A deterministic GPU implementation of X is not currently available."
                raise tf.errors.UnimplementedError(None, None, message)
            return super().train_step(data)

    model = Refused([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def calls_what_is_not_there():
    """A model whose ``call`` is one of Keras that raises, outside of the user's files."""
    import keras

    class Outer(keras.Model):
        call = keras.layers.Layer.call

    model = Outer()
    model.compile("adam", "mse")
    return model


def unmeasured(input_shape, classes, judged="accuracy"):
    """A network with a metric that is NaN; ``judged`` is what it is called."""
    import keras
    import tensorflow as tf

    def broken(y_true, y_pred):
        return tf.constant(float("nan"))

    broken.__name__ = judged
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy", metrics=[broken])
    return model
