from typing import Any

from tests.support.synthetic_runs import SyntheticStudy


def selection(tab: Any, made: SyntheticStudy, alone: bool) -> Any:
    logdir = made.runs / made.study.study if alone else made.runs
    return tab(logdir).get("progress", study=made.study.study)["selection"]


def test_of_many_runs_those_that_show_the_study_are_selected(
    tab: Any, filled: SyntheticStudy
) -> None:
    assert selection(tab, filled, alone=False) == [
        "activations",
        *(f"activations/summary/{arm}" for arm in ("sigmoid", "tanh", "elu")),
        *(f"activations/{arm}/seed-0" for arm in ("sigmoid", "tanh", "elu")),
    ]


def test_up_to_40_runs_of_one_study_tensorboard_selects_all(
    tab: Any, filled: SyntheticStudy
) -> None:
    assert selection(tab, filled, alone=True) == []  # 24 runs, 3 summaries and the study's own
    for seed in range(8, 20):
        filled.add("elu", seed)
    assert selection(tab, filled, alone=True) == []  # 40
    filled.add("elu", 20)
    assert selection(tab, filled, alone=True) == [
        ".",
        *(f"summary/{arm}" for arm in ("sigmoid", "tanh", "elu")),
        *(f"{arm}/seed-0" for arm in ("sigmoid", "tanh", "elu")),
    ]
