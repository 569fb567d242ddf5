from __future__ import annotations

import pytest

from ablations.commands.seeds import too_few_seeds, with_seeds
from ablations.errors import AblationsError
from tests.support.synthetic_runs import make_study


@pytest.mark.parametrize("seeds", [1, 5])
def test_too_few_seeds_are_named_with_what_would_do(seeds: int) -> None:
    said = too_few_seeds(make_study(("sigmoid", "elu"), seeds))
    count = "1 seed" if seeds == 1 else "5 seeds"
    assert said == f"{count} cannot settle a comparison; 6 can: --seeds 6"


def test_enough_seeds_and_a_single_arm_are_not_warned_of() -> None:
    assert too_few_seeds(make_study(("sigmoid", "elu"), 6)) == ""
    assert too_few_seeds(make_study(("sigmoid",), 2)) == ""


def looked(arms: int, looks: tuple[int, ...]) -> str:
    names = ("sigmoid", "elu", "relu", "tanh", "selu", "gelu", "mish", "silu")[:arms]
    weights = (0.6, 0.4)
    return too_few_seeds(make_study(names, looks[-1], looks=looks, look_weights=weights))


def test_a_look_that_can_settle_nothing_is_named() -> None:
    assert looked(8, (7, 10)) == ""  # 2/2⁷ ≤ .03, and by Holm 7 · 2/2¹⁰ ≤ .02
    assert looked(8, (6, 10)) == "a look at 6 seeds cannot settle a comparison; one at 7 can"
    assert looked(8, (7, 9)) == "a look at 9 seeds cannot settle a comparison; one at 10 can"


def test_the_last_look_decides_on_the_number_of_seeds() -> None:
    study = make_study(("sigmoid", "elu"), 20, looks=(10, 20), look_weights=(0.6, 0.4))
    assert with_seeds(study, 20) == study
    with pytest.raises(AblationsError, match="--seeds 30: activations declares its last look at"):
        with_seeds(study, 30)
