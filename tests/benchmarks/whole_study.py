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

from ablations.data import catalog
from ablations.data.mnist import PARTS
from tests.benchmarks import plain_keras
from tests.benchmarks.workloads import Workload

STUDY = """\
study: bench
question: How long does it take?
base:
  data: {{name: {data}, validation: 0.1}}
  model:
    hidden: {hidden}
    activation: elu
    initializer: glorot_uniform
    normalization: {normalization}
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
            data="digits" if workload.digits else "mnist",
            normalization="batch_norm" if workload.normalized else "null",
            hidden=list(workload.hidden), batch_size=workload.batch_size, epochs=epochs,
            control=plain_keras.ARMS[0], arms=arms, seeds=plain_keras.SEEDS,
        )  # fmt: skip
        (root / "bench.yaml").write_text(text)
        ours = ["-m", "ablations", "run", "bench.yaml", "--data", "data"]
        numbers = [int(workload.normalized), epochs, workload.batch_size, *workload.hidden]
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
    """Write the same examples as IDX files in ``root``/data and as floats for the script.

    Digits are at hand for us; the script gets them as floats.
    """
    data = catalog.read("digits", None) if workload.digits else workload.data()
    arrays = (data.train_features, data.train_labels, data.test_features, data.test_labels)
    x_train, y_train, x_test, y_test = arrays
    floats = [
        x.reshape(len(x), -1).astype(np.float32) * np.float32(data.scale) for x in (x_train, x_test)
    ]
    np.savez(root / "data.npz", x_train=floats[0], y_train=y_train, x_test=floats[1], y_test=y_test)
    if workload.digits:
        return
    (root / "data" / "mnist").mkdir(parents=True)
    for part, array in zip(PARTS, arrays, strict=True):
        wide = array.reshape(-1, 28, 28) if array.ndim > 1 else array
        _write_idx(root / "data" / "mnist" / f"{part}.gz", wide.astype(np.uint8))


def _write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), 1))
