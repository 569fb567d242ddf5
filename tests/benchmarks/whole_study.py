"""A study of 4 arms × 5 seeds from the shell, against the plain Keras script of the same runs."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablations.data.locate import PARTS
from tests.benchmarks import plain_keras
from tests.benchmarks.workloads import Workload

STUDY = """\
study: bench
question: How long does it take?
base:
  data: {{name: mnist, validation: 0.1}}
  model: {{hidden: {hidden}, activation: elu, initializer: glorot_uniform}}
  training:
    batch_size: {batch_size}
    epochs: {epochs}
    optimizer: {{name: sgd, learning_rate: 0.05}}
control: {control}
arms: {{{arms}}}
seeds: {seeds}
"""


def seconds(workload: Workload, epochs: int) -> tuple[float, float]:
    """Return the wall seconds of our study and of the plain script, imports and all."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        write_data(root, workload)
        arms = ", ".join(f"{arm}: {{model.activation: {arm}}}" for arm in plain_keras.ARMS)
        text = STUDY.format(
            hidden=list(workload.hidden), batch_size=workload.batch_size, epochs=epochs,
            control=plain_keras.ARMS[0], arms=arms, seeds=plain_keras.SEEDS,
        )  # fmt: skip
        (root / "bench.yaml").write_text(text)
        ours = ["-m", "ablations", "run", "bench.yaml", "--data", "data"]
        numbers = [epochs, workload.batch_size, *workload.hidden]
        script = [plain_keras.__file__, "logs", "data.npz", *map(str, numbers)]
        return _time(ours, root), _time(script, root)


def _time(arguments: list[str], place: Path) -> float:
    started = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(
        [sys.executable, *arguments], cwd=place, check=True, capture_output=True, env=environment
    )
    return time.perf_counter() - started


def write_data(root: Path, workload: Workload) -> None:
    """Write the same examples as IDX files in ``root``/data and as floats for the script."""
    data = workload.data()
    images = np.zeros((len(data.train_labels), 28, 28), np.uint8)
    images.reshape(len(images), -1)[:, : data.train_features[0].size] = data.train_features.reshape(
        len(images), -1
    )
    labels = data.train_labels.astype(np.uint8)
    (root / "data" / "mnist").mkdir(parents=True)
    for part, array in zip(PARTS, (images, labels, images[:500], labels[:500]), strict=True):
        _write_idx(root / "data" / "mnist" / f"{part}.gz", array)
    floats = images.reshape(len(images), -1).astype(np.float32) / 255
    np.savez(
        root / "data.npz",
        x_train=floats, y_train=labels, x_test=floats[:500], y_test=labels[:500],
    )  # fmt: skip


def _write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), 1))
