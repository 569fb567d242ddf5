"""Mends of the code that change what some recipes train: their earlier results are stale.

A mend has a name, which enters the fingerprint of each recipe that it touches; all other recipes
keep their fingerprints and so their results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ablations.study.settings import change

Settings = Mapping[str, Any]
"""A recipe as ``Recipe.without_telemetry`` returns it, with a catalogue or without."""


@dataclass(frozen=True)
class Mend:
    """One change of what some recipes train."""

    name: str
    """Part of the fingerprint of every recipe that it touches: never change it."""
    sentence: str
    touches: Callable[[Settings], bool]
    """Whether a recipe trains otherwise than before."""


def _scaled_identity(recipe: Settings) -> bool:
    return any(
        technique.get("name") == "identity" and technique.get("gain", 1.0) != 1
        for settings in _tasks(recipe)
        for technique in _techniques(settings)
    )


def _schedule_free_transfer(recipe: Settings) -> bool:
    return recipe.get("transfer") is not None and any(
        technique.get("name") == "schedule_free_adamw"
        for settings in _tasks(recipe)
        for technique in _techniques(settings)
    )


def _user_model_with_kernel_penalty(recipe: Settings) -> bool:
    return any(
        str(settings["model"].get("name")).startswith("python:")
        and any(settings["training"].get(key) for key in ("regularization", "constraint"))
        for settings in _tasks(recipe)
    )


def _gru(recipe: Settings) -> bool:
    model = recipe["model"]
    return bool(model.get("name") == "rnn" and model.get("cell") == "gru")


MENDS = (
    Mend(
        "identity_gain",
        "The initializer identity multiplies by its gain, which it had ignored.",
        _scaled_identity,
    ),
    Mend(
        "schedule_free_start",
        "After a transfer the slots of schedule_free_adamw start from the reused weights, not "
        "from the initial ones.",
        _schedule_free_transfer,
    ),
    Mend(
        "kernels_by_rank",
        "Regularization and constraints find the kernels of a user's model by their rank, not by "
        "their name.",
        _user_model_with_kernel_penalty,
    ),
    Mend(
        "gru_bias",
        "The bias of a GRU, a matrix, no longer counts among the kernels in weight_sparsity.",
        _gru,
    ),
)


def mends_of(recipe: Settings) -> list[str]:
    """Return the names of the mends that touch a recipe, in the order of the table."""
    return [mend.name for mend in MENDS if mend.touches(recipe)]


def _tasks(recipe: Settings) -> Iterator[Settings]:
    """Yield a recipe and, where it first learns another task, that task's."""
    yield recipe
    source = (recipe.get("transfer") or {}).get("source") or {}
    if changes := source.get("changes"):
        yield change({**recipe, "transfer": None}, changes)


def _techniques(settings: Settings) -> list[Settings]:
    """Return every mapping inside the settings; a bare name stands for a mapping with it."""
    found: list[Settings] = []
    inside: list[Any] = [settings]
    while inside:  # every result on the disk is asked: generators would take five times as long
        value = inside.pop()
        if isinstance(value, str):
            found.append({"name": value})
        elif isinstance(value, (list, tuple)):
            inside += value
        elif isinstance(value, dict):
            found.append(value)
            inside += value.values()
    return found
