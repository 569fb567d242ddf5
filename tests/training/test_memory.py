"""A worker that lives on does not grow: neither by runs nor by the programs it drops."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import pytest

RUNS = 200
ROOM = 20.0  # MB: fragmentation, which comes in steps; what grew was 60 MB in 200 runs
PAGE = os.sysconf("SC_PAGE_SIZE")
# Keras's layers, TensorFlow's own custom gradients, ours, and optimizers of three kinds.
ARMS = [
    {"model.activation": "silu", "model.normalization": "batch_norm"},
    {"model.activation": "mish", "training.optimizer": "adamw"},
    {"model.activation": "rrelu", "training.optimizer": "nadam"},
    {"training.optimizer": "momentum", "training.weight_average": "ema"},
]


def resident_megabytes() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def test_a_dropped_program_leaves_no_graph_behind(tensorflow, recipe, train):
    first = train(recipe(ARMS[0]))
    graphs = [weakref.ref(first.program.loop._compiled.graph)]
    programs = first.programs
    del first
    for changes in ARMS[1:]:
        trained = train(recipe(changes), programs=programs)
        graphs.append(weakref.ref(trained.program.loop._compiled.graph))
        del trained
    gc.collect()
    assert [graph() is not None for graph in graphs] == [False, False, True, True]  # two are kept


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="wants Linux's /proc")
def test_two_hundred_runs_do_not_grow_a_worker(tensorflow, recipe, train, show):
    programs = train(recipe(ARMS[0])).programs

    def twenty(start):
        for number in range(start, start + 20):
            train(recipe(ARMS[number // 5 % len(ARMS)]), seed=number, programs=programs)

    twenty(0)
    before = resident_megabytes()
    for start in range(20, 20 + RUNS, 20):
        twenty(start)
    grown = resident_megabytes() - before
    show(f"a worker after {RUNS} more runs of {len(ARMS)} arms in turn: {grown:+.1f} MB")
    assert grown < ROOM
