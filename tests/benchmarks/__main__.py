"""``make bench``: everything measured in one run, as ratios, with the goals beside them.

Ratios are medians of paired rounds on one thread, unless a line says otherwise.  Nothing else
should run on the machine.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ablations.training import runtime

runtime.start()

from tests.benchmarks import diagnostics, finished_runs, one_run, tab, whole_study  # noqa: E402
from tests.benchmarks.workloads import WORKLOADS  # noqa: E402

ROUNDS = 7
STUDIES = {"digits": (30, 25.0), "MNIST-sized": (10, 10.0)}  # epochs, goal


def main() -> None:
    table = Table("what", "ratio", "goal", "seconds", title="ablations, measured in one run")
    for workload in WORKLOADS:
        data = workload.data()
        ours = one_run.ours(workload, data)
        rivals = {
            "keras.fit": one_run.fit(workload, data, 1),
            "keras.fit(steps_per_execution=50)": one_run.fit(workload, data, 50),
        }
        for name, rival in rivals.items():
            ratio, fast, slow = one_run.race(ours, rival, ROUNDS)
            goal = f"≥ {workload.goals['fit']:g}×" if name == "keras.fit" else ""
            _row(table, f"{workload.name}: {name} / one run", ratio, goal, slow, fast)
        products = one_run.products(workload, data)
        ratio, fast, slow = one_run.race(products, ours, ROUNDS)
        goal = f"≤ {workload.goals['products']:g}×" if "products" in workload.goals else ""
        _row(table, f"{workload.name}: one run / matrix products alone", ratio, goal, slow, fast)
        with tempfile.TemporaryDirectory() as place:
            whole_study.write_data(Path(place), workload)
            quiet, full = (diagnostics.run(workload, Path(place), on) for on in (False, True))
            ratio, fast, slow = one_run.race(quiet, full, ROUNDS)
        _row(
            table, f"{workload.name}: a run with diagnostics on / off", ratio, "≤ 1.1×", slow, fast
        )
    for workload in WORKLOADS:
        if workload.name in STUDIES:
            epochs, goal_ratio = STUDIES[workload.name]
            mine, plain = whole_study.seconds(workload, epochs)
            what = f"{workload.name}: plain Keras script / study of 4 arms × 5 seeds"
            _row(table, what, plain / mine, f"≥ {goal_ratio:g}×", plain, mine)
    took, megabytes = finished_runs.report()
    table.add_row("report over 1,000 runs", "", "< 10 s", f"{took:.1f}, {megabytes:.0f} MB")
    for runs, limit in tab.GOALS.items():
        for view, first, again in tab.opening(runs):
            what = f"the tab over {runs:,} runs: {view} opens / looks again"
            table.add_row(what, "", f"< {limit:g} s", f"{first:.2f} / {again:.3f}")
    for command, seconds in finished_runs.start_up(Path(__file__).parents[2]).items():
        table.add_row(f"ablations {command}", "", "< 0.5 s", f"{seconds:.2f}")
    Console(width=None if sys.stdout.isatty() else 110).print(table)


def _row(table: Table, what: str, ratio: float, goal: str, slow: float, fast: float) -> None:
    table.add_row(what, f"{ratio:.2f}×", goal, f"{slow:.4g} / {fast:.4g}")


if __name__ == "__main__":
    main()
