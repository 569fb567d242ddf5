from __future__ import annotations

import pytest

from ablations.commands.seeds import too_few_seeds
from tests.support.synthetic_runs import make_study


@pytest.mark.parametrize("seeds", [1, 5])
def test_too_few_seeds_are_named_with_what_would_do(seeds: int) -> None:
    said = too_few_seeds(make_study(("sigmoid", "elu"), seeds))
    count = "1 seed" if seeds == 1 else "5 seeds"
    assert said == f"{count} cannot settle a comparison; 6 can: --seeds 6"


def test_enough_seeds_and_a_single_arm_are_not_warned_of() -> None:
    assert too_few_seeds(make_study(("sigmoid", "elu"), 6)) == ""
    assert too_few_seeds(make_study(("sigmoid",), 2)) == ""
