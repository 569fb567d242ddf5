"""The benchmarks still run: ``make bench`` takes five minutes, so that nothing else would tell."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


def test_a_run_is_timed_with_and_without_diagnostics(
    tensorflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.benchmarks import diagnostics, one_run
    from tests.benchmarks.workloads import WORKLOADS

    (workload,) = (each for each in WORKLOADS if each.digits)
    monkeypatch.setitem(diagnostics.EPOCHS, workload.name, 1)
    quiet, full = (diagnostics.run(workload, tmp_path, on) for on in (False, True))
    ratio, fast, slow = one_run.race(quiet, full, rounds=1)
    assert ratio == pytest.approx(slow / fast)
    for on, recorded in ((False, 0), (True, 1)):
        runs = list((tmp_path / "runs" / workload.name / f"recorded-{on}").glob("seed-*"))
        assert len(runs) == 3
        assert {len(list(run.glob("layers.jsonl"))) for run in runs} == {recorded}
