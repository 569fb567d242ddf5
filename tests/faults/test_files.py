"""A fault at any point of a study's work on files: what is on disk is old or new, a rerun heals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.workplace import STUDY

pytestmark = pytest.mark.slow

CYCLES = int(os.environ.get("ABLATIONS_FAULT_CYCLES", 0))
FEW = {"kill": 5, "removed": 1}
"""Points that ``.ci/run`` tries."""
FULL = {"kill": 10 * CYCLES, "full": CYCLES, "read-only": CYCLES // 2, "removed": CYCLES // 2}
POINTS = FULL if CYCLES else FEW
ENDINGS = {"kill": {9}, "full": {0, 1, 2}, "read-only": {0, 1, 2}, "removed": {0, 1, 2}}
SOURCE = "{name: task, changes: {data.train_examples: 100, training.epochs: 2}}"


@pytest.mark.parametrize("fault", POINTS)
def test_a_fault_of_the_disk_loses_nothing_and_a_rerun_ends_with_the_same_bits(
    fault: str, workplace: Path, show: Callable[[str], None]
) -> None:
    study = STUDY.replace("seeds: 2", "seeds: 1").replace(
        "sigmoid: {model.activation: sigmoid}",
        f"sigmoid: {{model.activation: sigmoid, transfer.source: {SOURCE}}}",
    )
    kept = study.replace("epochs: 2,", "epochs: 3, keep_checkpoint: true,")
    (workplace / "configs" / "small.yaml").write_text(kept)
    words = ["tests.support.file_faults", str(workplace / "tried"), fault, str(POINTS[fault])]
    path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    ran = subprocess.run(
        [sys.executable, "-m", *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    (total, *tried) = map(json.loads, ran.stdout.splitlines())
    different = [line for line in tried if line["odd"]]
    lost = [line for line in tried if not line["kept"]]
    tracebacks = [line for line in tried if "Traceback" in line["said"]]
    show(
        f"disk, {fault}: at {len(tried)} of {total['points']} points of a study's work on files: "
        f"different {len(different)}, lost or redone {len(lost)}, tracebacks {len(tracebacks)}"
    )
    assert {line["ended"] for line in tried} <= ENDINGS[fault]
    assert {line["again"] for line in tried} == {0}
    assert different == lost == tracebacks == []
