"""The trainer of ``configs/own_trainer.yaml``."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import train_test_split

from ablations.commands import studies
from examples.random_forest import train

FORESTS = [("searched", RandomForestClassifier), ("drawn", ExtraTreesClassifier)]


@pytest.mark.parametrize(("thresholds", "kind"), FORESTS)
def test_a_forest_that_grows_by_tens_errs_as_one_that_is_grown_at_once(thresholds, kind):
    logged = {}
    settings = {**studies.load("own_trainer")[0].base.settings, "trees": 25}
    run = SimpleNamespace(
        settings={**settings, "thresholds": thresholds},
        seed=3,
        log=lambda step, **scalars: logged.update({step: scalars}),
    )
    found = train(run)
    pixels, labels = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(
        pixels, labels, test_size=0.25, stratify=labels, random_state=3
    )
    x, _, y, _ = train_test_split(x, y, test_size=1 / 3, stratify=y, random_state=3)
    forest = kind(25, bootstrap=True, random_state=3).fit(x, y)
    assert found["error"] == pytest.approx(100 * (1 - forest.score(test_x, test_y)))
    alone = np.mean([np.mean(tree.predict(test_x) == test_y) for tree in forest.estimators_])
    assert found["error_of_one_tree"] == pytest.approx(100 * (1 - alone))
    assert list(logged) == [10, 20, 25]
    assert logged[25] == {"validation_error": found["validation_error"]}
