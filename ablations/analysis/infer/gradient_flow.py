"""How gradients flow through the layers of an arm while it trains: numbers for a heat map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from ablations.analysis.infer.orders import log10_or_least
from ablations.analysis.read.collect import Collected
from ablations.analysis.read.layers import LayerHistory
from ablations.study.layer_metrics import GRADIENT_NORM


@dataclass(frozen=True)
class GradientFlow:
    """Layer × observed epoch → median gradient norm over an arm's runs, in powers of ten."""

    arm: str
    seeds: tuple[int, ...]
    """Of the runs whose layers were observed."""
    layers: tuple[str, ...]
    """From the inputs on."""
    epochs: tuple[int, ...]
    updates: tuple[int, ...]
    """Updates done at each epoch."""
    log10_norms: tuple[tuple[float | None, ...], ...]
    """[layers, epochs]; None where no run has a finite norm, −38 for a norm of 0."""


def gradient_flow(
    collected: Collected, arms: Iterable[str] | None = None
) -> tuple[GradientFlow, ...]:
    """Return the flow of each arm, or of some, in the study's order; diverged runs count.

    An arm of which no layers were observed has no layers and no epochs.
    """
    wanted = collected.study.arm_names if arms is None else tuple(arms)
    return tuple(_of_arm(collected, arm) for arm in collected.study.arm_names if arm in wanted)


def _of_arm(collected: Collected, arm: str) -> GradientFlow:
    histories = {run.seed: run.layers() for run in collected.of_arm(arm)}
    observed = {seed: history for seed, history in histories.items() if history.epochs}
    updates = {
        epoch.epoch: epoch.updates for history in observed.values() for epoch in history.epochs
    }
    norms = _norms(observed.values())
    epochs = tuple(sorted(updates))
    layers = tuple(dict.fromkeys(layer for layer, _ in norms))
    rows = tuple(tuple(_median(norms.get((layer, e), ())) for e in epochs) for layer in layers)
    return GradientFlow(
        arm, tuple(observed), layers, epochs, tuple(updates[epoch] for epoch in epochs), rows
    )


def _norms(histories: Iterable[LayerHistory]) -> dict[tuple[str, int], list[float]]:
    """Return (layer, epoch) → log10 of the norms of all runs, layers from the inputs on."""
    norms: dict[tuple[str, int], list[float]] = {}
    for history in histories:
        for epoch in history.epochs:
            for layer, values in epoch.layers.items():
                if GRADIENT_NORM in values:
                    norm = log10_or_least(values[GRADIENT_NORM])
                    norms.setdefault((layer, epoch.epoch), []).append(norm)
    return norms


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
