"""What one epoch measured, in one frozen record that files, events and progress follow from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ablations.study.layer_metrics import LAYER_METRICS
from ablations.study.metrics import STAGE, epoch_metric, of_another_task
from ablations.telemetry.histograms import Buckets
from ablations.telemetry.writer import Layers


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of training, as measured after its last train step."""

    epoch: int
    """Epochs done, from 1, over all stages of the run."""
    updates: int
    """Updates done, over all stages of the run."""
    metrics: Mapping[str, float]
    """Name, known to ``study/metrics.py`` → value, in the order of ``metrics.jsonl``.

    What was not measured is left out; what is not finite stays NaN or infinite.
    """
    histograms: Mapping[str, Buckets] = field(default_factory=dict)
    """Tag → buckets [K, 3] of gradients, activations and weights."""
    layers: Layers = field(default_factory=dict)
    """Layer, from the inputs on → name, declared in ``study/layer_metrics.py`` → value.

    Of an observed epoch of the recipe's own task; what is not finite stays NaN or infinite.
    """
    stage: int | None = None
    """The stage's number, from 1, in a run of several."""
    own_task: bool = True
    """Whether the stage learns the recipe's own task."""
    divergence: str = ""
    """Why the training diverged in this epoch; empty where it did not."""
    stopped_early: bool = False
    """Whether early stopping ends the stage after this epoch."""

    def __post_init__(self) -> None:
        if undeclared := sorted(name for name in self.metrics if epoch_metric(name) is None):
            raise ValueError(f"no metric of an epoch is declared as {', '.join(undeclared)}")
        names = {name for of_layer in self.layers.values() for name in of_layer}
        if undeclared := sorted(names - LAYER_METRICS.keys()):
            raise ValueError(f"no metric of a layer is declared as {', '.join(undeclared)}")

    @property
    def seconds(self) -> float:
        """Time of the train steps."""
        return self.metrics["seconds"]

    def losses(self) -> dict[str, float]:
        """Return the finite losses of the split that trains and of the one that validates."""
        splits = ("train", "validation")
        values = {split: self.metrics.get(f"{split}_loss", math.nan) for split in splits}
        return {split: loss for split, loss in values.items() if math.isfinite(loss)}

    def scalars(self) -> dict[str, float]:
        """Return name → value as they are recorded.

        Losses and accuracies of another task than the recipe's own have names of their own, so
        that no reader takes them for the recipe's.
        """
        metrics = dict(self.metrics)
        if not self.own_task:
            metrics = {of_another_task(name): value for name, value in metrics.items()}
        stage = {} if self.stage is None else {STAGE: self.stage}
        return {"updates": self.updates, **metrics, **stage}
