"""Find the slots of an optimizer: its variables that go with one weight each."""

from __future__ import annotations

import keras
import tensorflow as tf

from ablations.techniques.keras import internals


def slots(optimizer: keras.optimizers.Optimizer, name: str) -> list[keras.Variable]:
    """Return the slots called ``name``, in the order of the weights.

    Keras calls a slot by the path of its weight and the slot's own name: hidden1_kernel_momentum.
    """
    return [each for each in optimizer.variables if each.name.endswith(f"_{name}")]


def slot(
    optimizer: keras.optimizers.Optimizer, name: str, weight: tf.Variable | keras.Variable
) -> keras.Variable:
    """Return the slot called ``name`` of one weight."""
    return slots(optimizer, name)[internals.variable_index(optimizer, weight)]
