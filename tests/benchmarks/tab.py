"""How soon each view of the Ablations tab opens over many runs, and what a second look costs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from ablations.ledger.paths import RunsDirectory
from tests.benchmarks.finished_runs import write_runs
from tests.support.synthetic_runs import write_layers

STUDY = "many"
GOALS = {250: 2.0, 1000: 5.0}
"""Runs → seconds in which a view must open, on two cores, once TensorBoard is up."""
VIEWS = {
    "progress": ("progress", "answer"),
    "effects": ("effects", "progress"),
    "curves": ("curves", "progress"),
    "gradients": ("layers", "progress"),
    "findings": ("findings", "progress"),
}
"""View → the requests that it opens with."""
ARMS = 20


def opening(runs: int) -> Iterator[tuple[str, float, float]]:
    """Yield view, seconds until it opens in a fresh process, and seconds of the next look."""
    with tempfile.TemporaryDirectory() as place:
        root = RunsDirectory(Path(place) / "runs")
        study = write_runs(root, ARMS, runs // ARMS)
        for arm in study.arms:
            for seed in study.seeds:
                write_layers(root.run(STUDY, arm.name, seed), layers=8, epochs=10)
        for view in VIEWS:
            command = [sys.executable, "-m", "tests.benchmarks.tab", str(root.root), view]
            told = subprocess.run(command, check=True, capture_output=True, text=True)
            first, again = map(float, told.stdout.split())
            yield view, first, again


def _measure(logdir: str, view: str) -> tuple[float, float]:
    """Return seconds of the first requests, imports and all, and of the same once more."""
    from werkzeug.test import Client
    from werkzeug.wrappers import Response

    from ablations.plugin.tab import AblationsPlugin

    apps = AblationsPlugin(SimpleNamespace(logdir=logdir)).get_plugin_apps()

    def look() -> float:
        started = time.perf_counter()
        for route in VIEWS[view]:
            answer = Client(apps[f"/{route}"], Response).get(
                f"/data/plugin/ablations/{route}", query_string={"study": STUDY}
            )
            assert answer.status_code == 200
            assert "problem" not in answer.json
        return time.perf_counter() - started

    first = look()
    time.sleep(0.6)  # beyond what answers requests that come together
    return first, look()


if __name__ == "__main__":
    print(*_measure(*sys.argv[1:]))
