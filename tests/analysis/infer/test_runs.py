from typing import Any

from ablations.analysis.infer.runs import RunCounts, environments, run_counts
from ablations.analysis.read.collect import collect


def test_every_run_is_counted_once_as_used_or_left_out(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 4)
    for seed in range(4):
        made.add("sigmoid", seed)
    made.add("elu", 0, accuracy=None, status="diverged")
    made.add("elu", 1, fingerprint="old")
    made.add("gone", 0)
    counts = run_counts(collect(made.runs, "activations"))
    assert counts == RunCounts(5, 1, {"stale": 1, "missing": 2, "removed": 1})


def test_environments_are_counted_over_the_runs_that_count(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    for seed in range(2):
        made.add("sigmoid", seed)
    made.add("elu", 0, environment={"device": "gpu", "versions": {"keras": "3.9"}})
    made.add("elu", 1, environment={"device": "tpu"}, fingerprint="old")
    assert environments(collect(made.runs, "activations")) == {
        "device": {"cpu": 2, "gpu": 1},
        "threads": {"1": 2},
        "versions.keras": {"3.9": 3},
    }
