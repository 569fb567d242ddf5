"""Read the scalars of event files, with every record's checksum verified: no TensorFlow."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.util import tensor_util

from ablations.telemetry.event_file import masked_checksum

HEADER, FOOTER = struct.Struct("<QI"), struct.Struct("<I")
MOST_RECORD_BYTES = 256 * 1024**2
SCALARS = "scalars"
"""The plugin of TensorBoard that a scalar's first summary names."""


class DamagedError(Exception):
    """A record is torn, or its bytes are not those that were written."""


def read_scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Yield step, tag and value of each scalar, in the order of the file.

    Both forms are read: the number itself (TensorFlow 1, PyTorch) and a tensor (TensorFlow 2).

    Raises:
        DamagedError: the rest of the file cannot be trusted.
        OSError: it cannot be read.
    """
    scalars: set[str] = set()
    for event in _events(path):
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


def _events(path: Path) -> Iterator[Event]:
    with path.open("rb") as stream:
        while header := stream.read(HEADER.size):
            try:
                length, checksum = HEADER.unpack(header)
                if masked_checksum(header[: -FOOTER.size]) != FOOTER.pack(checksum):
                    raise DamagedError("a record's length is damaged")
                if length > MOST_RECORD_BYTES:
                    raise DamagedError(f"a record of {length} bytes; wants {MOST_RECORD_BYTES}")
                content = stream.read(length)
                if masked_checksum(content) != stream.read(FOOTER.size):
                    raise DamagedError("a record is torn or damaged")
                yield Event.FromString(content)
            except (struct.error, DecodeError):
                raise DamagedError("its end is torn, or it is no event file") from None
