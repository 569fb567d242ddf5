"""The fingerprint: equal fingerprints mean that training again would give the same result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ablations.ledger.mends import mends_of
from ablations.study.recipe import BaseRecipe

CODE_VERSION = 2
"""Raised when a change of the code changes what most recipes train; see also ``mends``."""

KERAS_CODE_VERSION = 2
"""The same for ``trainer: keras`` alone.  2: its operations are deterministic ones."""

ADDED_SINCE_2: Mapping[str, Any] = {
    "training.label_smoothing": None,
    "training.loss": None,
    "training.metrics": [],
    "training.class_weights": None,
    "training.precision": {"name": "float32"},
    "data.scale": None,
    "files_hash": "",
    "trainer.cwd": None,
}
"""Dotted path → default of each setting that recipes have had since then.

At its default it is what the code did before, so it does not enter the fingerprint."""

_LAYERED: Mapping[str, Any] = {
    "dropout_layers": None,
    "dropout_kind": "plain",
    "monte_carlo_dropout": None,
}
_OF_LAYERS: Mapping[str, Any] = {"layers": None}
ADDED_TO_TECHNIQUES: Mapping[str, Mapping[str, Any]] = {
    "mlp": _LAYERED,
    "cnn": _LAYERED,
    "one_cycle": {"annealing": "cosine", "three_phases": False},
    "rmsprop": {"initial_accumulator_value": 0.0},
    "same_class_pairs": {"head": "distance", "head_units": 10},
    **dict.fromkeys(("l1", "l2", "l1_l2", "max_norm"), _OF_LAYERS),
}
"""The same for parameters: name of a technique → parameter → default, wherever it stands."""


def fingerprint(recipe: BaseRecipe, seed: int, data_digest: str) -> str:
    """Hash the resolved recipe, the seed, the data's own hash and the code version.

    Names of studies and arms, comments, descriptions and what is merely recorded do not enter.
    """
    settings = {**recipe.without_telemetry(), "files_hash": recipe.files_hash}
    return hash_settings(settings, seed, data_digest)


def hash_settings(settings: Mapping[str, Any], seed: int, data_digest: str) -> str:
    """Return the fingerprint of a recipe given as plain nested data, without its telemetry."""
    content = {
        "code": CODE_VERSION,
        "recipe": as_of_2(settings),
        "seed": seed,
        "data": data_digest,
    }
    if "model" in settings and "trainer" not in settings and (mends := mends_of(settings)):
        content["mends"] = mends
    if settings.get("trainer") == "keras":
        content["keras"] = KERAS_CODE_VERSION
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def as_of_2(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that were added since and are at their defaults."""
    kept: dict[str, Any] = _without_new_parameters(_without_defaults(settings, ADDED_SINCE_2))
    return kept


def _without_new_parameters(value: Any) -> Any:
    if isinstance(value, Mapping):
        new = ADDED_TO_TECHNIQUES.get(str(value.get("name")), {})
        return {
            key: _without_new_parameters(each)
            for key, each in value.items()
            if key not in new or each != new[key]
        }
    return value


def _without_defaults(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without each dotted path of ``defaults`` that holds its default."""
    kept: dict[str, Any] = {}
    for key, value in settings.items():
        split = ((*path.partition("."), default) for path, default in defaults.items())
        below = {rest: default for top, _, rest, default in split if top == key and rest}
        if below and isinstance(value, Mapping):
            value = _without_defaults(value, below)
        elif key in defaults and value == defaults[key]:
            continue
        kept[key] = value
    return kept
