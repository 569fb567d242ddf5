"""Read the scalars of event files, with every record's checksum verified: no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.util import tensor_util

from ablations.ledger.event_records import DamagedError as DamagedError
from ablations.ledger.event_records import read_events

SCALARS = "scalars"
"""The plugin of TensorBoard that a scalar's first summary names."""


def read_scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Yield step, tag and value of each scalar, in the order of the file.

    Both forms are read: the number itself (TensorFlow 1, PyTorch) and a tensor (TensorFlow 2).

    Raises:
        DamagedError: the rest of the file cannot be trusted.
        OSError: it cannot be read.
    """
    scalars: set[str] = set()
    for event in read_events(path):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == SCALARS:
                scalars.add(value.tag)
            number = _number(value, value.tag in scalars)
            if number is not None:
                yield event.step, value.tag, number


def _number(value: Summary.Value, is_scalar: bool) -> float | None:
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if is_scalar and value.HasField("tensor"):
        return float(tensor_util.make_ndarray(value.tensor).item())
    return None
