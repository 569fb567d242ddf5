from typing import Any

import pytest

from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.pairs import difference_by_seed, paired_differences
from ablations.analysis.read.collect import collect


def test_only_shared_seeds_are_paired() -> None:
    differences = difference_by_seed({2: 0.75, 0: 0.5, 9: 1.0}, {0: 0.25, 2: 0.25, 5: 0.0})
    assert differences == {0: 0.25, 2: 0.5}
    assert list(differences) == [0, 2]


def test_a_diverged_run_has_no_pair_and_is_counted(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    for seed, value in enumerate([0.1, 0.5, 0.9]):
        made.add("sigmoid", seed, accuracy=value)
    made.add("elu", 0, accuracy=None, status="diverged", reason="loss is nan")
    made.add("elu", 1, accuracy=0.6)
    made.add("elu", 2, accuracy=0.95)
    pairs = paired_differences(collect(made.runs, "activations"), "elu", "sigmoid", "test_accuracy")
    assert pairs.values == pytest.approx((0.1, 0.05))
    assert pairs.divergence == Divergence(1, 3)
    assert pairs.reference_divergence == Divergence(0, 3)
