from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.targets import Target, TimeToTarget
from ablations.analysis.read.collect import collect


def reached(made: Any) -> Target | None:
    return infer(collect(made.runs, "activations")).target


def test_epochs_and_updates_are_medians_over_all_runs(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 5, target=0.7)
    curves = [(0.7, 0.8), (0.1, 0.7, 0.2), (0.5, 0.6, 0.9), (0.1, 0.2)]
    for seed, curve in enumerate(curves):
        made.add("elu", seed, curve=curve)
    made.add("elu", 4, curve=(0.9,), status="diverged", accuracy=None)
    control = TimeToTarget("sigmoid", 0, 0, None, None)
    elu = TimeToTarget("elu", 5, 3, 3, 300)  # 1, 2, 3 and two never: the middle is 3
    assert reached(made) == Target(0.7, True, (control, elu))


def test_where_half_never_get_there_there_is_no_median(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 2, target=0.7)
    made.add("elu", 0, curve=(0.8,))
    made.add("elu", 1, curve=(0.1,))
    target = reached(made)
    assert target is not None
    assert target.arms[1] == TimeToTarget("elu", 2, 1, None, None)
    assert target.arms[1].share == 0.5


def test_without_a_stated_target_it_is_a_point_below_the_controls_end(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    made.add("sigmoid", 0, curve=(0.5, 0.8))
    made.add("sigmoid", 1, curve=(0.5, 0.6))
    target = reached(made)
    assert target is not None
    assert (target.value, target.stated) == (pytest.approx(0.69), False)


def test_without_a_control_there_is_no_target(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    made.add("elu", 0)
    assert reached(made) is None
