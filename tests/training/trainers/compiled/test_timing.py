"""Inference is timed so that equal networks get equal times, however busy the machine is."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager

import numpy as np

from ablations.training.trainers.compiled.evaluation import Split


@contextmanager
def busy(processes):
    """Keep the machine busy with twice as many processes as it has cores."""
    burning = [
        subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"])
        for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def test_equal_networks_get_equal_times_on_a_busy_machine(recipe, train, show):
    wide = recipe({"model.hidden": [300, 100]})
    evaluation = train(wide).program.evaluation
    examples = np.random.default_rng(0).integers(0, 17, (1000, 8, 8), np.uint8)
    split = Split.of(examples, np.zeros(1000, np.int32))
    with busy(2 * len(os.sched_getaffinity(0))):
        times = [evaluation.microseconds_per_sample(split) for _ in range(12)]
    spread = max(times) / min(times)
    show(f"inference of one network on a busy machine: {min(times):.2f} to {max(times):.2f} µs")
    assert spread < 1.6  # by the clock it is two to five


def test_a_slower_network_is_told_from_a_faster_one(recipe, train):
    examples = np.random.default_rng(0).integers(0, 17, (1000, 8, 8), np.uint8)
    split = Split.of(examples, np.zeros(1000, np.int32))
    small, large = (
        train(recipe({"model.hidden": widths})).program.evaluation.microseconds_per_sample(split)
        for widths in ([8], [600, 300])
    )
    assert large > 3 * small
