"""A random forest of scikit-learn, which ``configs/own_trainer.yaml`` takes apart.

It grows by ten trees at a time, so that its error can be followed by the number of trees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import train_test_split

FORESTS = {"searched": RandomForestClassifier, "drawn": ExtraTreesClassifier}
"""How a node finds the threshold of each feature that it looks at → the forest that does so."""
TREES_AT_A_TIME = 10
QUARTER = 0.25


def train(run: Any) -> dict[str, float]:
    """Grow a forest on half of the digits, and return its errors in percent of the pictures.

    The seed cuts the pictures, alike for all arms, and draws the trees.
    """
    (pixels, labels), validation, test = _split(run.seed)
    settings = run.settings
    forest = FORESTS[settings["thresholds"]](
        bootstrap=settings["bootstrap"],
        max_features=settings["features_at_a_split"],
        max_depth=settings["depth"],
        random_state=run.seed,
        warm_start=True,  # further trees join those that are there
    )
    trees, validation_error = settings["trees"], 100.0
    for count in [*range(TREES_AT_A_TIME, trees, TREES_AT_A_TIME), trees]:
        forest.set_params(n_estimators=count).fit(pixels, labels)
        validation_error = _error(forest, *validation)
        run.log(count, validation_error=validation_error)
    alone = [_error(tree, *test) for tree in forest.estimators_]
    return {
        "error": _error(forest, *test),
        "error_of_one_tree": float(np.mean(alone)),
        "validation_error": validation_error,
    }


def _split(seed: int) -> list[tuple[Any, Any]]:
    """Return pixels and labels of a half, a quarter and a quarter of the digits."""
    pixels, labels = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(
        pixels, labels, test_size=QUARTER, stratify=labels, random_state=seed
    )
    share = QUARTER / (1 - QUARTER)
    x, validation_x, y, validation_y = train_test_split(
        x, y, test_size=share, stratify=y, random_state=seed
    )
    return [(x, y), (validation_x, validation_y), (test_x, test_y)]


def _error(model: Any, pixels: Any, labels: Any) -> float:
    """Return the percentage of the pictures that a forest, or one of its trees, gets wrong."""
    return float(100 * np.mean(model.predict(pixels) != labels))
