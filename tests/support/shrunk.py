"""Studies made so small that they train in moments, with the same keys and names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

MOST_ARMS, MOST_LAYERS = 2, 2
HOST: Mapping[str, Any] = {
    "study": "host",
    "question": "Is this a part of a study?",
    "base": {
        "data": {"name": "digits"},
        "model": {"hidden": [16], "activation": "elu", "initializer": "he_normal"},
        "training": {"batch_size": 32, "epochs": 2, "optimizer": "sgd"},
    },
    "control": "elu",
    "arms": {"elu": {}, "sigmoid": {"model.activation": "sigmoid"}},
    "seeds": 10,
    "margin": 0.005,
}
"""What the part of a study that a page shows is read as a part of."""


def whole(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the study that a page shows; where it shows some keys only, with all others."""
    if "study" in shown:
        return dict(shown)
    study = {**HOST, **shown}
    if "factors" in shown:
        del study["arms"]
    elif "arms" in shown and "control" not in shown:
        study["arms"] = {"elu": {}, **shown["arms"]}
    return study


def shrunk(study: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """Return a study with one seed, one epoch and two arms, and the arms that are ``kept``."""
    small = {**study, "seeds": 1, "base": _small_base(study["base"])}
    if study.get("arms"):
        control, arms = study["control"], study["arms"]
        others = [arm for arm in arms if arm in kept] or [arm for arm in arms if arm != control]
        names = dict.fromkeys([control, *others, *arms][: max(MOST_ARMS, 1 + len(others[:3]))])
        small["arms"] = {arm: changes for arm, changes in arms.items() if arm in names}
        small["claims"] = [
            claim
            for claim in study.get("claims", ())
            if {claim["better"], claim["than"]} <= small["arms"].keys()
        ]
    if "tune" in study:
        small["tune"] = {**study["tune"], "seeds": [100]}
    small.pop("looks", None)
    return small


def _small_base(base: Mapping[str, Any]) -> dict[str, Any]:
    small = dict(base)
    if isinstance(base.get("data"), Mapping):
        small["data"] = {**base["data"], "validation": 20, "train_examples": 60}
    if isinstance(base.get("training"), Mapping):
        small["training"] = {**base["training"], "epochs": 1, "batch_size": 20}
    if "model" in base:
        small["telemetry"] = {"histograms_every_epochs": 0}
    model = base.get("model")
    hidden = model.get("hidden") if isinstance(model, Mapping) else None
    if isinstance(hidden, Mapping):
        depth = min(MOST_LAYERS, hidden["depth"])
        small["model"] = {**base["model"], "hidden": {**hidden, "depth": depth}}
    return small
