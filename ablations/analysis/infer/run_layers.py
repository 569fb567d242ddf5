"""The layers of one run, summarized over its observed epochs: what findings are judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ablations.analysis.read.collect import RecordedRun
from ablations.analysis.read.layers import LayerHistory
from ablations.study.layer_metrics import GRADIENT_NORM, UPDATE_RATIO

ACCURACIES = ("train_accuracy", "validation_accuracy")
OF_STEPS = (GRADIENT_NORM, UPDATE_RATIO)
"""What is measured as the weights are trained, not after an epoch."""


@dataclass(frozen=True)
class RunLayers:
    """The observed layers of one run."""

    seed: int
    history: LayerHistory
    updates: int
    """Of the whole run."""
    diverged_in: int | None
    """The epoch in which it diverged: what is observed after that is of weights that are no
    numbers; None where it did not."""
    classifies: bool
    """Whether it minimizes a cross-entropy, whose size is known: about log of the classes."""
    chance: float | None = None
    """The accuracy of a guess; None where nothing says so."""
    best_accuracy: float | None = None
    """The best of any epoch, on the train or the validation split; None without any."""

    @classmethod
    def of(cls, run: RecordedRun, chance: float | None = None) -> RunLayers:
        """Return those of a run; none are observed where it recorded none."""
        history = run.history()
        classifies = any("train_accuracy" in epoch for epoch in history[-1:])
        logged = [epoch.get(key) for epoch in history for key in ACCURACIES]
        best = max((value for value in logged if value is not None), default=None)
        result = run.result
        diverged_in = result.epochs if result.status == "diverged" else None
        return cls(run.seed, run.layers(), result.updates, diverged_in, classifies, chance, best)

    @property
    def is_observed(self) -> bool:
        """Whether any layer was looked at."""
        return bool(self.history.epochs)

    def medians(self, metric: str) -> dict[str, float]:
        """Return layer, from the inputs on → median of a metric over the observed epochs."""
        return self._over_epochs(metric, median)

    def greatest(self, metric: str) -> dict[str, float]:
        """Return layer → its greatest value over the observed epochs."""
        return self._over_epochs(metric, max)

    def last(self, metric: str) -> dict[str, float]:
        """Return layer → its value at the last epoch that has one."""
        return self._over_epochs(metric, lambda values: values[-1])

    def lost_gradients(self) -> list[str]:
        """Return the layers whose gradient norm was NaN or infinite at some observed epoch."""
        return _distinct(
            layer
            for epoch in self.history.epochs
            for layer, names in epoch.not_finite.items()
            if GRADIENT_NORM in names
        )

    def _over_epochs(
        self, metric: str, take: Callable[[Sequence[float]], float]
    ) -> dict[str, float]:
        epochs = [
            epoch
            for epoch in self.history.epochs
            if metric in OF_STEPS or epoch.epoch != self.diverged_in
        ]
        layers = _distinct(layer for epoch in epochs for layer in epoch.layers)
        values = {
            layer: [
                epoch.layers[layer][metric]
                for epoch in epochs
                if metric in epoch.layers.get(layer, ())
            ]
            for layer in layers
        }
        return {layer: take(found) for layer, found in values.items() if found}


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
