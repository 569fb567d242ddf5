"""What changes bits is pinned before TensorFlow is imported, or training is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ablations.training.runtime import ONEDNN_FLAG

START = "from ablations.training import runtime; runtime.start(); print(runtime.environment())"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "flag", "expected"),
    [
        ("import tensorflow", "0", f"{ONEDNN_FLAG} was not 1"),
        ("import tensorflow as tf; tf.config.list_logical_devices()", "1", "cannot be modified"),
        ("import tensorflow", "1", "'onednn': '1'"),
    ],
)
def test_a_process_that_imported_tensorflow_otherwise_does_not_train(
    before: str, flag: str, expected: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{before}; {START}"],
        capture_output=True,
        text=True,
        env={**os.environ, ONEDNN_FLAG: flag},
    )
    assert expected in done.stdout + done.stderr.splitlines()[-1]
    if flag != "1" or "logical" in before:
        assert "DeviceError" in done.stderr
        assert "wants a fresh process" in done.stderr
