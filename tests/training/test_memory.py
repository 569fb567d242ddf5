"""A worker that lives on does not grow: neither by runs nor by the programs it drops."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from ablations.techniques.optimizers import OPTIMIZERS

FRESH_PROGRAMS = True

RUNS = 60
ROOM = 8.0  # MB: fragmentation, which comes in steps; what grew was 18 MB in as many runs
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


@pytest.mark.parametrize("technique", OPTIMIZERS.techniques, ids=lambda t: t.__name__)
def test_no_optimizer_keeps_the_graph_it_was_traced_in(tensorflow, technique):
    import keras

    variable = keras.Variable(np.ones((4, 3), np.float32))
    optimizer = technique(weight_decay=0.01).build({})
    optimizer.build([variable])

    def step() -> None:
        optimizer.apply([tensorflow.ones((4, 3))], [variable])

    traced = tensorflow.function(step, autograph=False).get_concrete_function()
    traced()
    graph = weakref.ref(traced.graph)
    assert graph() is not None
    del traced
    gc.collect()
    assert graph() is None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="wants Linux's /proc")
def test_sixty_runs_do_not_grow_a_worker(tensorflow, recipe, train, show):
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


# In a small process of its own: a child's peak begins at what its parent held.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
def test_training_on_all_of_fashion_mnist_stays_under_its_share(fashion_mnist, tmp_path, show):
    root = Path(__file__).parents[2]
    run = ["run", str(root / "configs" / "activations.yaml"), "--arm", "elu", "--seed", "0"]
    everything = ["--set", "data.train_examples=null", "--set", "training.epochs=1"]
    command = [sys.executable, "-m", "ablations", *run, *everything, "--executor", "inline"]
    told = subprocess.run(
        [sys.executable, "-c", PEAK, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
        capture_output=True,
        text=True,
    )
    megabytes = int(told.stdout) / 1024
    show(f"a worker on all of Fashion-MNIST: {megabytes:.0f} MB at its peak")
    assert 300 < megabytes < 1_200
