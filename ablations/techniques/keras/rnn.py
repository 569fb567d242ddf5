"""Builds the recurrent network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ablations.techniques.keras.layered import UNSEEDED

if TYPE_CHECKING:
    from ablations.techniques.rnn import RNN

_CELLS = {
    "simple": keras.layers.SimpleRNNCell,
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
}


def build(rnn: RNN, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the network; see ``Model.build``."""
    rows = rnn.rows(input_shape)
    signal = inputs = keras.Input(input_shape, name="pixels")
    if input_shape != rows:
        signal = keras.layers.Reshape(rows, name="rows")(signal)
    for number, width in enumerate(rnn.hidden, start=1):
        # Unrolled: a loop inside the epoch's loop takes several times as long on the CPU.
        signal = keras.layers.RNN(
            _cell(rnn, width),
            return_sequences=number < len(rnn.hidden),
            unroll=True,
            name=f"hidden{number}",
        )(signal)
    kernel = rnn.initializer.build(seed=UNSEEDED)
    outputs = keras.layers.Dense(classes, kernel_initializer=kernel, name="outputs")
    return keras.Model(inputs, outputs(signal), name="rnn")


def _cell(rnn: RNN, width: int) -> keras.Layer:
    return _CELLS[rnn.cell](
        width,
        activation=rnn.activation.function(),
        kernel_initializer=rnn.initializer.build(seed=UNSEEDED),
        recurrent_initializer=rnn.recurrent_initializer.build(seed=UNSEEDED),
        name="cell",
    )
