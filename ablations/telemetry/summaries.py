"""Build the values of TensorBoard's ``Summary`` message: scalars, histograms, texts, images.

Values are float32: TensorBoard's default loader drops doubles.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from tensorboard.compat.proto.summary_pb2 import (
    DATA_CLASS_BLOB_SEQUENCE,
    DATA_CLASS_TENSOR,
    Summary,
    SummaryMetadata,
)
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING

from ablations.telemetry.histograms import Buckets

Value: TypeAlias = Any
"""A ``Summary.Value`` message; protobuf's generated classes carry no types."""


def scalar(tag: str, value: float) -> Value:
    """Return one point of a line, in the form that all readers of event files know."""
    return Summary.Value(tag=tag, simple_value=value)


def scalars(tags: Mapping[str, str], values: Mapping[str, float]) -> list[Value]:
    """Return a scalar for each name of ``tags`` (name → tag) with a value, in their order.

    NaN and infinite values are left out: TensorBoard's axes cannot show them.
    """
    return [
        scalar(tag, values[name])
        for name, tag in tags.items()
        if name in values and np.isfinite(values[name])
    ]


def histogram(tag: str, buckets: Buckets) -> Value:
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
    return bytes_scalar(tag, markdown.encode(), SummaryMetadata.PluginData(plugin_name="text"))


def image(tag: str, png: bytes) -> Value:
    """Return an image for the Images and Time Series dashboards."""
    width, height = struct.unpack(">II", png[16:24])  # of the header that begins each PNG
    content = [str(width).encode(), str(height).encode(), png]
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=_shape(len(content)), string_val=content)
    plugin = SummaryMetadata.PluginData(plugin_name="images")
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_BLOB_SEQUENCE)
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def bytes_scalar(tag: str, content: bytes, plugin: SummaryMetadata.PluginData) -> Value:
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
