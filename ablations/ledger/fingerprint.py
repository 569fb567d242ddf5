"""The fingerprint: equal fingerprints mean that training again would give the same result."""

from __future__ import annotations

import hashlib
import json

from ablations.study.recipe import Recipe

CODE_VERSION = 2
"""Raised whenever a change of the code changes what a recipe trains."""


def fingerprint(recipe: Recipe, seed: int, data_digest: str) -> str:
    """Hash the resolved recipe, the seed, the data's own hash and the code version.

    Names of studies and arms, comments, descriptions and what is merely recorded do not enter.
    """
    content = {
        "code": CODE_VERSION,
        "recipe": recipe.science(),
        "seed": seed,
        "data": data_digest,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
