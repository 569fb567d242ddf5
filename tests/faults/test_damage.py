"""Files cut at every byte, and with bits flipped: noticed, and the good prefix is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.ledger.records import (
    CheckpointHeader,
    Result,
    UnreadableResultError,
    append_epoch,
    read_checkpoint_header,
    read_correct,
    read_history,
    read_result,
    write_correct,
)
from ablations.telemetry.histograms import log10_buckets
from ablations.telemetry.run_events import RunEvents

FULL = bool(os.environ.get("ABLATIONS_FAULT_CYCLES"))
FLIPS = 1000 if FULL else 250
CUTS = 100_000 if FULL else 600
"""At most so many cuts, evenly spread; `make faults` cuts at every byte."""
LOST = object()
"""What a reader returns that refuses."""

RESULT = Result(
    study="study",
    arm="arm",
    seed=3,
    status="completed",
    fingerprint="0123456789abcdef" * 4,
    data_digest="fedcba9876543210" * 4,
    metrics={"test_loss": 0.12345678901234567, "test_accuracy": 5 / 8, "train_loss_last": 1e-9},
    test_examples=8,
    epochs=6,
    updates=60,
    parameters=79_510,
    seconds={"compile": 1.5, "train": 2.25, "total": 4.125},
    environment={"ablations": "0.5.0", "device": "CPU", "intra_op_threads": 1},
)
EPOCHS = [
    {"epoch": n, "updates": 10 * n, "train_loss": 1 / n, "validation_accuracy": 1 - 1 / (n + 1)}
    for n in range(1, 7)
]


def result(path: Path) -> tuple[object, Callable[[], object]]:
    RESULT.write(path)

    def read() -> object:
        try:
            return read_result(path)
        except UnreadableResultError:
            return LOST

    return RESULT, read


def history(path: Path) -> tuple[object, Callable[[], object]]:
    for epoch in EPOCHS:
        append_epoch(path, epoch)
    return EPOCHS, lambda: read_history(path)


def correct(path: Path) -> tuple[object, Callable[[], object]]:
    truth = np.array([True, False, True, True, False, True, True, False])
    write_correct(path, truth)

    def read() -> object:
        found = read_correct(path, RESULT)
        return LOST if found is None else found.tolist()

    return truth.tolist(), read


def checkpoint(path: Path) -> tuple[object, Callable[[], object]]:
    from ablations.training.checkpoint import UnusableError, load, save

    rng = np.random.default_rng(0)
    arrays = {f"model/{n}/dense/kernel": rng.normal(size=(4, n + 1)) for n in range(3)}
    header = CheckpointHeader(fingerprint="f", epochs=2, progress={"epochs": 2}, files={})
    save(path, arrays, header)

    def read() -> object:
        try:
            found = load(path)
        except UnusableError:
            return LOST
        header = read_checkpoint_header(path)
        return {name: array.tolist() for name, array in found.items()}, header

    return ({name: array.tolist() for name, array in arrays.items()}, header), read


def events(path: Path) -> tuple[object, Callable[[], object]]:
    """By TensorBoard's own reader, which stops at the first record that is not whole."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    buckets = log10_buckets(np.arange(40))
    with RunEvents(path.parent, append_to=path) as writer:
        for epoch in EPOCHS:
            writer.write(epoch["epoch"], epoch, {"weight/hidden1": buckets})

    def read() -> object:
        try:
            return list(RawEventFileLoader(str(path)).Load())
        except Exception:  # a length that cannot be: its reader says so in its own ways
            return []

    return read(), read


KINDS = [result, history, correct, checkpoint, events]


def damages(content: bytes) -> Iterator[bytes]:
    """Yield the content cut, then with one bit flipped."""
    for length in sorted({int(n) for n in np.linspace(0, len(content) - 1, CUTS)}):
        yield content[:length]
    rng = np.random.default_rng(len(content))
    for bit in rng.integers(0, 8 * len(content), FLIPS):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        yield bytes(flipped)


def is_prefix(found: Any, whole: Any) -> bool:
    return isinstance(whole, list) and found == whole[: len(found)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_damage_is_noticed_or_the_good_prefix_is_read(
    kind: Callable[[Path], Any], tmp_path: Path, show: Callable[[str], None]
) -> None:
    path = tmp_path / kind.__name__
    whole, read = kind(path)
    assert read() == whole
    content = path.read_bytes()
    tried = same = undetected = 0
    for damaged in damages(content):
        path.write_bytes(damaged)
        found = read()
        tried += 1
        same += found == whole
        undetected += not (found is LOST or found == whole or is_prefix(found, whole))
    show(f"{kind.__name__}: cut or flipped {tried} times: undetected {undetected}, harmless {same}")
    assert undetected == 0
    assert same < tried / 2
