"""Studies with synthetic runs, as fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.synthetic_runs import SyntheticStudy, make_factorial, make_study


@pytest.fixture
def synthetic(tmp_path: Path) -> Any:
    """Return a function (arms, seeds, study's keys) → SyntheticStudy with its record on disk."""

    def build(*arguments: Any, **changes: Any) -> SyntheticStudy:
        made = SyntheticStudy(tmp_path / "runs", make_study(*arguments, **changes))
        made.write_record()
        return made

    return build


@pytest.fixture
def factorial_study(tmp_path: Path) -> Any:
    """Return a function (seeds, study's keys) → a full factorial study with its runs.

    Accuracy 0.5, ELU +0.1, ReLU +0.05, and +0.05 more for ELU with a batch of 64; little noise.
    """

    def build(seeds: int = 10, **changes: Any) -> SyntheticStudy:
        made = SyntheticStudy(tmp_path / "runs", make_factorial(seeds, **changes))
        made.write_record()
        draw = np.random.default_rng(0)
        effects = {"sigmoid": 0.0, "elu": 0.1, "relu": 0.05}
        for arm in made.study.arms:
            activation, size = arm.levels.values()
            both = 0.05 * (activation == "elu" and size == "64")
            for seed in made.study.seeds:
                noise = float(draw.normal(0, 0.004))
                made.add(arm.name, seed, accuracy=0.5 + effects[activation] + both + noise)
        return made

    return build
