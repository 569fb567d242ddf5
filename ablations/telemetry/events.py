"""Append events to a TensorBoard event file: no TensorFlow, and nothing buffered.

Each call writes one record that holds all tags of a step, straight to the file, so a killed
process loses nothing that was logged.  Values are float32: the default loader drops doubles.
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import (
    DATA_CLASS_SCALAR,
    DATA_CLASS_TENSOR,
    Summary,
    SummaryMetadata,
)
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING

from ablations.ledger.paths import EVENTS_PREFIX

_FILES = itertools.count()
Value: TypeAlias = Any
"""A ``Summary.Value`` message; protobuf's generated classes carry no types."""


class EventWriter:
    """The event file of one directory; a context manager that closes it."""

    def __init__(self, directory: Path, suffix: str = "", append_to: Path | None = None) -> None:
        name = f"{EVENTS_PREFIX}{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        self.path = append_to or directory / f"{name}.{next(_FILES)}{suffix}"
        self._stream = self.path.open("ab", buffering=0)
        if append_to is None:
            self._write(Event(file_version="brain.Event:2"))

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()

    def write(self, step: int, *values: Value) -> None:
        """Write all values of one step as one record."""
        if values:
            self._write(Event(step=step, summary=Summary(value=values)))

    def write_graph(self, graph_definition: bytes) -> None:
        """Write a serialized ``GraphDef`` for the Graphs dashboard."""
        self._write(Event(graph_def=graph_definition))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._stream.write(record(event.SerializeToString()))


def record(content: bytes) -> bytes:
    """Return a TFRecord: length, its checksum, content, its checksum; little-endian.

    TensorBoard's own writer takes its checksums in Python: 6 ms for 20 kB, longer than an epoch.
    """
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _checksum(content: bytes) -> bytes:
    """Return the masked CRC-32C that the TFRecord format asks for."""
    value = google_crc32c.value(content)
    rotated = (value >> 15) | (value << 17)
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)


def scalar(tag: str, value: float) -> Value:
    """Return one point of a line."""
    tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[value])
    plugin = SummaryMetadata.PluginData(plugin_name="scalars")
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_SCALAR)
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def histogram(tag: str, buckets: NDArray[np.floating]) -> Value:
    """Return one histogram; ``buckets`` is [K, 3]: left edge, right edge, count."""
    tensor = TensorProto(
        dtype=DT_FLOAT,
        tensor_shape=_shape(*buckets.shape),
        tensor_content=np.ascontiguousarray(buckets, dtype="<f4").tobytes(),
    )
    plugin = SummaryMetadata.PluginData(plugin_name="histograms")
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_TENSOR)
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def text(tag: str, markdown: str) -> Value:
    """Return a text for the Text dashboard, which renders Markdown."""
    return tagged_bytes(tag, markdown.encode(), SummaryMetadata.PluginData(plugin_name="text"))


def tagged_bytes(tag: str, content: bytes, plugin: SummaryMetadata.PluginData) -> Value:
    """Return a string scalar for a dashboard that reads bytes."""
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=_shape(), string_val=[content])
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_TENSOR)
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def metadata_only(tag: str, plugin: SummaryMetadata.PluginData) -> Value:
    """Return a value whose whole content is in its metadata, as the HParams dashboard wants."""
    tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[0.0])
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_TENSOR)
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def _shape(*sizes: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


def finite_scalars(tags: Mapping[str, str], values: Mapping[str, float]) -> list[Value]:
    """Return a scalar for each key of ``tags`` (key → tag) that has a finite value."""
    return [
        scalar(tag, values[key])
        for key, tag in tags.items()
        if key in values and np.isfinite(values[key])
    ]
