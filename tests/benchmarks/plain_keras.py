"""The script a researcher would write: a loop over arms and seeds, Keras's own logging.

``python plain_keras.py LOGDIR DATA NORMALIZED EPOCHS BATCH WIDTH…`` with DATA an .npz of x_train,
y_train, x_test, y_test, and NORMALIZED 0 or 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

ARMS = ("sigmoid", "tanh", "relu", "elu")
SEEDS = 5


class GradientHistograms(keras.callbacks.Callback):  # type: ignore[misc]
    """Histograms of the gradients of one batch after each epoch."""

    def __init__(self, logdir: Path, features: Any, labels: Any) -> None:
        super().__init__()
        self.writer = tf.summary.create_file_writer(str(logdir / "gradients"))
        self.features, self.labels = features, labels

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        with tf.GradientTape() as tape:
            loss = self.model.compute_loss(
                y=self.labels, y_pred=self.model(self.features, training=True)
            )
        weights = self.model.trainable_weights
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        with self.writer.as_default(step=epoch):
            for weight, gradient in zip(weights, gradients, strict=True):
                tf.summary.histogram(f"gradient/{weight.path}", gradient)


def hidden_layer(width: int, activation: str, normalized: bool) -> list[keras.Layer]:
    if not normalized:
        return [keras.layers.Dense(width, activation=activation)]
    return [
        keras.layers.Dense(width, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.Activation(activation),
    ]


def main(
    logdir: Path, data: Path, normalized: bool, epochs: int, batch_size: int, widths: list[int]
) -> None:
    with np.load(data) as archive:
        x, y, x_test, y_test = (archive[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    held_out = len(x) // 10
    for arm in ARMS:
        for seed in range(SEEDS):
            keras.utils.set_random_seed(seed)
            layers = [each for width in widths for each in hidden_layer(width, arm, normalized)]
            model = keras.Sequential([keras.Input(x.shape[1:]), *layers, keras.layers.Dense(10)])
            model.compile(
                keras.optimizers.SGD(0.05),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"],
            )
            place = logdir / arm / str(seed)
            model.fit(
                x[held_out:], y[held_out:], batch_size, epochs, verbose=0,
                validation_data=(x[:held_out], y[:held_out]),
                callbacks=[
                    keras.callbacks.TensorBoard(place, histogram_freq=1),
                    GradientHistograms(place, x[:batch_size], y[:batch_size]),
                ],
            )  # fmt: skip
            model.evaluate(x_test, y_test, verbose=0)


if __name__ == "__main__":
    log, archive, *numbers = sys.argv[1:]
    normalized, epochs, batch, *widths = map(int, numbers)
    main(Path(log), Path(archive), bool(normalized), epochs, batch, widths)
