"""A node of a cluster is lost in the middle of a study: the others finish it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
]
FULL = int(os.environ.get("ABLATIONS_FAULT_CYCLES", "1")) > 1
SEEDS = 20 if FULL else 4
CLUSTER = """\
import logging, os, sys
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
import ray
from ray.cluster_utils import Cluster

small = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
cluster = Cluster(initialize_head=True, head_node_args=small)
second = cluster.add_node(**{k: v for k, v in small.items() if k != "include_dashboard"})
print(cluster.address, flush=True)
sys.stdin.readline()
cluster.remove_node(second, allow_graceful=False)
print("killed", flush=True)
sys.stdin.readline()
cluster.shutdown()
"""


def results() -> dict[str, tuple[int, str]]:
    """Return run → inode and status of its result."""
    found = {}
    for path in Path("runs").rglob("result.json"):
        found[str(path.parent)] = (path.stat().st_ino, json.loads(path.read_text())["status"])
    return found


def wait_for(happens: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_node_that_is_killed_costs_what_was_in_flight_at_most(
    workplace: Path, show: Callable[[str], None]
) -> None:
    words = ["small", "--seeds", str(SEEDS), "--set", "training.epochs=150"]
    with (
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", CLUSTER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as cluster,
    ):  # fmt: skip
        assert cluster.stdin is not None
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        line = [sys.executable, "-m", "ablations", "run", *words]
        with subprocess.Popen(
            [*line, "--executor", "ray", "--address", address],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as running:  # fmt: skip
            wait_for(lambda: len(list(Path("runs").rglob("metrics.jsonl"))) >= 3)
            before = results()
            cluster.stdin.write("kill\n")
            cluster.stdin.flush()
            assert cluster.stdout.readline() == "killed\n"
            said, errors = running.communicate(timeout=300)
        cluster.stdin.write("end\n")
        cluster.stdin.flush()
    assert running.returncode == 0, said + errors
    after = results()
    assert len(after) == 2 * SEEDS
    assert {status for _, status in after.values()} == {"completed"}
    assert {name: after[name] for name in before} == before
    redone = errors.count("its node is lost; it is trained on another")
    assert redone <= 2  # one in flight a node
    show(
        f"a Ray node killed in the middle of {2 * SEEDS} runs, {len(before)} done: all complete, "
        f"redone {redone} (in flight 2), lost 0"
    )
