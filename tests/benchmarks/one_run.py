"""One epoch of training: ours against keras.fit and against the matrix products alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ablations.data.dataset import Dataset
from ablations.training.trainers.compiled.evaluation import Split
from ablations.training.trainers.compiled.program import Program
from tests.benchmarks.workloads import CLASSES, Workload

Epoch = Callable[[], object]


def ours(workload: Workload, data: Dataset, recorded: bool = True) -> Epoch:
    """Return our next epoch; ``recorded`` ones are looked at as often as by default."""
    recipe = workload.recipe(recorded)
    program = Program(recipe, data)
    probe = Split.of(data.train_features[:200], data.train_labels[:200])
    program.trace(probe, probe.features)
    program.reset(recipe, 0)
    draw = np.random.default_rng(0)
    steps = len(data.train_labels) // workload.batch_size
    numbers = itertools.count(1)
    rates = np.full(steps, recipe.training.optimizer.learning_rate, np.float32)

    def epoch() -> None:
        rows = draw.permutation(len(data.train_labels)).astype(np.int32)
        order = rows[: steps * workload.batch_size].reshape(steps, -1)
        due = recipe.telemetry.due(next(numbers), 0, steps)
        samples = recipe.telemetry.gradient_samples_per_epoch
        program.loop.run(order, rates, steps // samples if due else 0, 0)
        if due:
            program.observer.observe(probe.features)

    return epoch


def fit(workload: Workload, data: Dataset, steps_per_execution: int) -> Epoch:
    """Return the epoch of a plain Keras script: floats in memory, compile, fit."""
    signal = inputs = keras.Input(data.input_shape)
    for width in workload.hidden:
        signal = keras.layers.Dense(
            width, use_bias=not workload.normalized, kernel_initializer="he_normal"
        )(signal)
        if workload.normalized:
            signal = keras.layers.BatchNormalization()(signal)
        signal = keras.layers.Activation("elu")(signal)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(signal))
    model.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    features = data.train_features.astype(np.float32) * np.float32(data.scale)

    def epoch() -> None:
        model.fit(features, data.train_labels, workload.batch_size, epochs=1, verbose=0)

    return epoch


def products(workload: Workload, data: Dataset) -> Epoch:
    """Return the matrix products of an epoch and nothing else, in one compiled loop."""
    steps = len(data.train_labels) // workload.batch_size
    sizes = workload.layer_sizes()
    kernels = [tf.Variable(tf.random.normal(size, stddev=0.01)) for size in sizes]
    batches = tf.random.normal([8, workload.batch_size, sizes[0][0]])
    errors = tf.random.normal([8, workload.batch_size, CLASSES])

    def body(step: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        signals = [batches[step % 8]]
        for kernel in kernels:
            signals.append(signals[-1] @ kernel)
        error = errors[step % 8]
        for kernel, signal in zip(kernels[::-1], signals[-2::-1], strict=True):
            total += tf.matmul(signal, error, transpose_a=True)[0, 0]
            if signal is not signals[0]:
                error = tf.matmul(error, kernel, transpose_b=True)
        return step + 1, total + signals[-1][0, 0]

    @tf.function(autograph=False)
    def epoch() -> tf.Tensor:
        start = (tf.constant(0), tf.constant(0.0))
        return tf.while_loop(lambda step, _: step < steps, body, start)[1]

    return lambda: epoch().numpy()


def race(first: Epoch, second: Epoch, rounds: int) -> tuple[float, float, float]:
    """Return the median ratio second/first of paired rounds, and both median seconds."""
    for epoch in (first, second):
        epoch()
        epoch()
    pairs = []
    for number in range(rounds):
        order = (first, second) if number % 2 else (second, first)
        seconds = {}
        for epoch in order:
            started = time.perf_counter()
            epoch()
            seconds[epoch] = time.perf_counter() - started
        pairs.append((seconds[first], seconds[second]))
    table = np.array(pairs)
    return (
        float(np.median(table[:, 1] / table[:, 0])),
        float(np.median(table[:, 0])),
        float(np.median(table[:, 1])),
    )
