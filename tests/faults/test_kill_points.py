"""Killed before or after any write, sync, rename, removal: what is on disk is old or new."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.workplace import STUDY

EVERYDAY = 8
POINTS = int(os.environ.get("ABLATIONS_FAULT_CYCLES", 0)) * 100 or EVERYDAY
"""Points that are tried; `make faults` tries all."""
SOURCE = "{name: task, changes: {data.train_examples: 100, training.epochs: 2}}"


def test_a_run_killed_at_any_point_of_its_work_on_files_ends_with_the_same_bits(
    workplace: Path, show: Callable[[str], None]
) -> None:
    study = STUDY.replace("seeds: 2", "seeds: 1").replace(
        "sigmoid: {model.activation: sigmoid}",
        f"sigmoid: {{model.activation: sigmoid, transfer.source: {SOURCE}}}",
    )
    kept = study.replace("epochs: 2,", "epochs: 3, keep_checkpoint: true,")
    (workplace / "configs" / "small.yaml").write_text(kept)
    path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.kill_points", str(workplace / "tried"), str(POINTS)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    (total, *tried) = map(json.loads, ran.stdout.splitlines())
    different = [line for line in tried if line["odd"]]
    lost = [line for line in tried if not line["kept"]]
    show(
        f"killed at {len(tried)} of {total['points']} points of its work on files: different "
        f"{len(different)}, lost or redone {len(lost)}"
    )
    assert all(line["killed"] == 9 and line["again"] == 0 for line in tried), ran.stderr
    assert different == lost == []
