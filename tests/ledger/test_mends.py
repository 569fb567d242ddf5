"""A mend makes the results of the recipes that it touches stale, and of no others."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ablations.ledger.fingerprint import as_of_2, fingerprint
from ablations.ledger.mends import MENDS, mends_of
from ablations.study.recipe import Recipe
from tests.support.running import make_recipe
from tests.support.user_code import PACKAGE

IDENTITY = {"model.initializer": {"name": "identity", "gain": 2.0}}
AUTOENCODER = {"name": "autoencoder", "epochs": 1}
OWN_MODEL = {"model": {"name": f"{PACKAGE}.build"}}
FREE = "schedule_free_adamw"


def task(**changes: Any) -> dict[str, Any]:
    """Return the change that first learns another task, one that differs in ``changes``."""
    dotted = {path.replace("__", "."): value for path, value in changes.items()}
    return {"transfer.source": {"name": "task", "changes": dotted}}


TOUCHED = [
    ("identity_gain", IDENTITY),
    ("identity_gain", {"model.initializer": {"name": "identity", "gain": 0.5}}),
    ("identity_gain", task(model__initializer={"name": "identity", "gain": 2.0})),
    ("identity_gain", {"model.initializer": "identity"} | task(model__initializer__gain=2.0)),
    ("schedule_free_start", {"training.optimizer": FREE, "transfer.source": AUTOENCODER}),
    ("schedule_free_start", {"transfer.source": {**AUTOENCODER, "optimizer": FREE}}),
    ("schedule_free_start", task(training__optimizer=FREE)),
    ("kernels_by_rank", {**OWN_MODEL, "training.regularization": "l1"}),
    ("kernels_by_rank", {**OWN_MODEL, "training.constraint": "max_norm"}),
    ("gru_bias", {"model": {"name": "rnn", "cell": "gru", "hidden": [4], "activation": "tanh"}}),
]
UNTOUCHED = [
    {},
    {"model.initializer": "identity"},
    {"model.initializer": {"name": "orthogonal", "gain": 2.0}},
    {"training.optimizer": FREE},
    {"training.optimizer": "adamw", "transfer.source": AUTOENCODER},
    task(training__epochs=2),
    OWN_MODEL,
    {"training.regularization": "l1", "training.constraint": "max_norm"},
    {"model": {"name": "rnn", "cell": "lstm", "hidden": [4], "activation": "tanh"}},
]


def unmended(recipe: Recipe) -> str:
    """Return the fingerprint by the rule of 0.2.0, which knew no mends."""
    settings = as_of_2(recipe.without_telemetry())
    content = {"code": 2, "recipe": settings, "seed": 3, "data": "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(("name", "changes"), TOUCHED, ids=str)
def test_a_mend_changes_the_fingerprint_of_what_it_names(
    name: str, changes: dict[str, Any]
) -> None:
    recipe = make_recipe(changes)
    assert mends_of(recipe.without_telemetry()) == [name]
    assert fingerprint(recipe, 3, "digest") != unmended(recipe)
    read_back = Recipe.model_validate(recipe.settings())  # as the analysis does
    assert fingerprint(read_back, 3, "digest") == fingerprint(recipe, 3, "digest")


def test_a_mend_changes_nothing_else() -> None:
    recipes = [make_recipe(changes) for changes in UNTOUCHED]
    assert [mends_of(recipe.without_telemetry()) for recipe in recipes] == [[]] * len(recipes)
    assert [fingerprint(r, 3, "digest") for r in recipes] == [unmended(r) for r in recipes]


def test_every_mend_is_tried_here_and_has_a_name_of_its_own() -> None:
    names = [mend.name for mend in MENDS]
    assert len(set(names)) == len(names)
    assert {name for name, _ in TOUCHED} == set(names)
