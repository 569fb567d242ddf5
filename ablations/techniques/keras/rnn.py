"""Builds the recurrent network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from ablations.techniques.keras.precision import computing_in

_CELLS = {
    "simple": keras.layers.SimpleRNNCell,
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
}


def build(
    cell: Callable[[int], keras.Layer],
    hidden: Sequence[int],
    rows: tuple[int, int],
    input_shape: tuple[int, ...],
    outputs: int,
    kernel: keras.Initializer,
) -> keras.Model:
    """Return the network whose layers are made of ``cell``s; see ``Model.build``."""
    signal = inputs = keras.Input(input_shape, name="pixels")
    if input_shape != rows:
        signal = keras.layers.Reshape(rows, name="rows")(signal)
    for number, width in enumerate(hidden, start=1):
        # Unrolled: a loop inside the epoch's loop takes several times as long on the CPU.
        signal = keras.layers.RNN(
            cell(width),
            return_sequences=number < len(hidden),
            unroll=True,
            name=f"hidden{number}",
        )(signal)
    with computing_in("float32"):
        last = keras.layers.Dense(outputs, kernel_initializer=kernel, name="outputs")
    return keras.Model(inputs, last(signal), name="rnn")


def cell(
    kind: str,
    width: int,
    activation: Callable[..., object],
    kernel: keras.Initializer,
    recurrent: keras.Initializer,
) -> keras.Layer:
    """Return one recurrent cell of ``width`` units."""
    return _CELLS[kind](
        width,
        activation=activation,
        kernel_initializer=kernel,
        recurrent_initializer=recurrent,
        name="cell",
    )
