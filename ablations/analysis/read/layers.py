"""The per-layer diagnostics of a run: what ``layers.jsonl`` holds, as far as it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.ledger.lines import read_lines

Layers = Mapping[str, Mapping[str, float]]
"""Layer, from the inputs on → name of a metric (``study/layer_metrics.py``) → finite value."""


@dataclass(frozen=True)
class LayerEpoch:
    """What was observed of each layer after one epoch."""

    epoch: int
    """Epochs done, from 1."""
    updates: int
    """Updates done."""
    layers: Layers
    """What was not finite, or not measured, is left out."""
    not_finite: Mapping[str, tuple[str, ...]]
    """Layer → names of the metrics that were measured and were NaN or infinite."""


@dataclass(frozen=True)
class LayerHistory:
    """The observed epochs of a run, each once, in order."""

    epochs: tuple[LayerEpoch, ...] = ()
    damage: str = ""
    """What is wrong with the file from there on; empty where all of it is good."""


def read_layers(path: Path) -> LayerHistory:
    """Return what ``layers.jsonl`` holds up to its first damaged line; nothing without a file."""
    lines = read_lines(path)
    epochs: dict[int, LayerEpoch] = {}
    for number, line in enumerate(lines.epochs, start=1):
        epoch = _epoch(line)
        if epoch is None:
            return LayerHistory(_ordered(epochs), f"line {number} holds no layers")
        epochs[epoch.epoch] = epoch
    return LayerHistory(_ordered(epochs), lines.damage)


def _ordered(epochs: Mapping[int, LayerEpoch]) -> tuple[LayerEpoch, ...]:
    return tuple(epochs[number] for number in sorted(epochs))


def _epoch(line: Mapping[str, Any]) -> LayerEpoch | None:
    """Return a line as it is meant, None where it is something else."""
    layers, updates = line.get("layers"), line.get("updates")
    if not isinstance(updates, int) or not isinstance(layers, dict):
        return None
    values = layers.values()
    if not all(isinstance(of_layer, dict) and _are_numbers(of_layer) for of_layer in values):
        return None
    finite = {
        layer: {name: float(v) for name, v in of_layer.items() if v is not None}
        for layer, of_layer in layers.items()
    }
    lost = {
        layer: tuple(name for name, value in of_layer.items() if value is None)
        for layer, of_layer in layers.items()
    }
    not_finite = {layer: names for layer, names in lost.items() if names}
    return LayerEpoch(line["epoch"], updates, finite, not_finite)


def _are_numbers(values: Mapping[str, Any]) -> bool:
    return all(
        value is None
        or (
            isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        )
        for value in values.values()
    )
