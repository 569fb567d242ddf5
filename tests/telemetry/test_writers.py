"""What the backends of the metric writer leave on disk, as their readers see it."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

from ablations.telemetry import event_file
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.jsonl import JsonlWriter, LayersWriter
from ablations.telemetry.run_events import RunEvents
from ablations.telemetry.writer import MetricWriters

SCALARS = {"updates": 6, "train_loss": 0.5, "seconds": 0.25, "validation_loss": math.inf}
BUCKETS = np.array([[0, 1, 3], [1, 2, 4]], np.float32)


def events(path: Path) -> list[Event]:
    return [Event.FromString(record) for record in RawEventFileLoader(str(path)).Load()]


def test_a_line_of_json_keeps_all_scalars_in_their_order(tmp_path: Path) -> None:
    writer = JsonlWriter(tmp_path / "metrics.jsonl")
    writer.write(1, SCALARS, {"weight/hidden1": BUCKETS})
    writer.write(2, {"train_loss": math.nan}, {})
    first, second = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert list(json.loads(first).items()) == [
        ("epoch", 1),
        ("updates", 6),
        ("train_loss", 0.5),
        ("seconds", 0.25),
        ("validation_loss", None),
        ("crc32", zlib.crc32(first.rpartition(",")[0].encode() + b"}")),
    ]
    assert json.loads(second).items() > {"epoch": 2, "train_loss": None}.items()


def test_events_hold_the_finite_scalars_that_have_a_tag_and_the_histograms(tmp_path: Path) -> None:
    with RunEvents(tmp_path) as writer:
        writer.write(3, {**SCALARS, "stage": 2}, {"weight/hidden1": BUCKETS})
    (path,) = tmp_path.iterdir()
    header, event = events(path)
    assert header.file_version == "brain.Event:2"
    assert event.step == 3
    values = {value.tag: value for value in event.summary.value}
    assert list(values) == ["curves/train_loss", "weight/hidden1", "optimization/stage"]
    assert values["curves/train_loss"].simple_value == 0.5
    found = tensor_util.make_ndarray(values["weight/hidden1"].tensor)
    assert np.array_equal(found, BUCKETS)


def test_a_session_is_appended_to_the_file_that_it_continues(tmp_path: Path) -> None:
    with RunEvents(tmp_path) as writer:
        writer.write(1, SCALARS, {})
    (path,) = tmp_path.iterdir()
    with RunEvents(tmp_path, append_to=path) as writer:
        writer.write(2, SCALARS, {})
        writer.end_session(2, {"test_accuracy": 0.75}, completed=True)
    assert list(tmp_path.iterdir()) == [path]
    assert [event.step for event in events(path)] == [0, 1, 2, 2]
    final = events(path)[-1].summary.value
    assert [value.tag for value in final] == ["final/test_accuracy", "_hparams_/session_end_info"]


def test_layers_are_a_line_of_their_own_file_and_scalars_of_one_group(tmp_path: Path) -> None:
    layers = {
        "hidden1": {"gradient_norm": 0.5, "update_ratio": math.nan, "activation_mean": 0.25},
        "outputs": {"gradient_norm": math.inf},
    }
    with RunEvents(tmp_path) as events_writer:
        writer = MetricWriters(LayersWriter(tmp_path / "layers.jsonl"), events_writer)
        writer.write(1, SCALARS, {}, layers)
        writer.write(2, SCALARS, {})
    (line,) = (tmp_path / "layers.jsonl").read_text().splitlines()
    without_sum = line.rpartition(",")[0] + "}"
    assert json.loads(line) == {
        "epoch": 1,
        "updates": 6,
        "layers": {
            "hidden1": {"gradient_norm": 0.5, "update_ratio": None, "activation_mean": 0.25},
            "outputs": {"gradient_norm": None},
        },
        "crc32": zlib.crc32(without_sum.encode()),
    }
    (path,) = (path for path in tmp_path.iterdir() if path.suffix != ".jsonl")
    tags = [[value.tag for value in event.summary.value] for event in events(path)]
    assert tags == [
        [],
        ["curves/train_loss", "layers/gradient_norm/hidden1"],
        ["curves/train_loss"],
    ]


def test_all_backends_record_a_step_in_the_order_given() -> None:
    recorded: list[Any] = []

    class Backend:
        def __init__(self, name: str) -> None:
            self.name = name

        def write(self, *arguments: object) -> None:
            recorded.append((self.name, *arguments))

    layers = {"hidden1": {"gradient_norm": 0.5}}
    MetricWriters(Backend("first"), Backend("second")).write(4, SCALARS, {}, layers)
    assert recorded == [("first", 4, SCALARS, {}, layers), ("second", 4, SCALARS, {}, layers)]


def test_records_are_the_bytes_of_tensorboards_own_writer(tmp_path: Path) -> None:
    contents = [b"", b"x", bytes(range(256)) * 80]
    path = tmp_path / "theirs"
    with path.open("wb") as stream:
        theirs = RecordWriter(stream)
        for content in contents:
            theirs.write(content)
        theirs.flush()
        assert path.read_bytes() == b"".join(map(event_file.record, contents))


def test_nothing_is_buffered(tmp_path: Path) -> None:
    file = EventFile(tmp_path)
    try:
        file.write_graph(b"graph")
        assert [event.graph_def for event in events(file.path)] == [b"", b"graph"]
    finally:
        file.close()
