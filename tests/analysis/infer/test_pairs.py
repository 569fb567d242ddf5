from typing import Any

import pytest

from ablations.analysis.infer.pairs import difference_by_seed, paired_differences
from ablations.analysis.infer.scores import DivergedScore, diverged_score
from ablations.analysis.read.collect import collect


def test_only_shared_seeds_are_paired() -> None:
    differences = difference_by_seed({2: 0.75, 0: 0.5, 9: 1.0}, {0: 0.25, 2: 0.25, 5: 0.0})
    assert differences == {0: 0.25, 2: 0.5}
    assert list(differences) == [0, 2]


def diverging(synthetic: Any, **changes: Any) -> Any:
    made = synthetic(("sigmoid", "elu"), 4, **changes)
    for seed, value in enumerate([0.3, 0.5, 0.9]):
        made.add("sigmoid", seed, accuracy=value)
    made.add("sigmoid", 3, accuracy=None, status="diverged")
    made.add("elu", 0, accuracy=None, status="diverged", reason="loss is nan")
    made.add("elu", 1, accuracy=0.6)
    made.add("elu", 2, accuracy=0.95)
    made.add("elu", 3, accuracy=None, status="diverged")
    return collect(made.runs, "activations")


def test_a_diverged_run_scores_what_the_study_says(synthetic: Any) -> None:
    collected = diverging(synthetic, if_diverged={"test_accuracy": 0.1})
    pairs = paired_differences(collected, "elu", "sigmoid", "test_accuracy")
    assert pairs.by_seed == pytest.approx({0: -0.2, 1: 0.1, 2: 0.05, 3: 0.0})
    assert (pairs.diverged, pairs.reference_diverged) == ({0, 3}, {3})
    assert pairs.of_survivors == pytest.approx((0.1, 0.05))


def test_without_a_word_of_the_study_it_scores_the_worst_of_any_completed_run(
    synthetic: Any,
) -> None:
    collected = diverging(synthetic)
    assert diverged_score(collected, "test_accuracy") == DivergedScore(0.3, stated=False)
    assert diverged_score(collected, "train_seconds") == DivergedScore(12.5, stated=False)
    pairs = paired_differences(collected, "elu", "sigmoid", "test_accuracy")
    assert pairs.values == pytest.approx((0.0, 0.1, 0.05, 0.0))
