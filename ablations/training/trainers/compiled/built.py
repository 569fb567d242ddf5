"""The techniques of a recipe, built for one network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from ablations.study.protocols import (
    Augment,
    AveragedWeights,
    Clipper,
    Loss,
    LossScaler,
    Stateful,
    Transform,
)
from ablations.study.technique import LiveValues
from ablations.study.training_recipe import TrainingRecipe
from ablations.techniques.keras.layer_names import chosen_kernels
from ablations.techniques.keras.optimizers import SlotStarts
from ablations.training.trainers.compiled.live_variables import LiveVariables
from ablations.training.trainers.compiled.network import Network


@dataclass(frozen=True)
class BuiltTechniques:
    """What a train step calls; None for what the recipe does without."""

    optimizer: keras.optimizers.Optimizer
    slot_starts: SlotStarts
    clipper: Clipper | None
    penalty: Callable[[list[tf.Tensor]], tf.Tensor] | None
    project: Transform | None
    augment: Augment | None
    smoothed_loss: Loss | None
    average: AveragedWeights | None
    loss_scaler: LossScaler | None
    penalized: tuple[keras.Variable, ...]
    projected: tuple[keras.Variable, ...]

    @property
    def stateful(self) -> dict[str, Stateful]:
        """What keeps variables besides the optimizer, by the name that checkpoints use."""
        parts: dict[str, Stateful | None] = {
            "average": self.average,
            "clipping": self.clipper,
            "loss_scaler": self.loss_scaler,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def reset(self) -> None:
        """Set all state to where a training starts, the weights being set already."""
        self.slot_starts.reset()
        for part in self.stateful.values():
            part.reset()


def build_techniques(
    training: TrainingRecipe, network: Network, live: LiveVariables
) -> BuiltTechniques:
    """Build what trains a network, live numbers being read from variables."""
    weights = network.trained.trainable_variables
    optimizer = training.optimizer.build(live.of("training", "optimizer"))
    optimizer.build(weights)
    clip, penalize = training.clipping, training.regularization
    constrain, augment = training.constraint, training.augmentation
    smooth, average = training.label_smoothing, training.weight_average

    def values(technique: str) -> LiveValues:
        return live.of("training", technique)

    def kernels(place: str) -> tuple[keras.Variable, ...]:
        """Return the kernels that a technique is about, of those that are trained."""
        technique = getattr(training, place)
        pattern = technique.layers if technique else None
        found = chosen_kernels(network.classifier, pattern, f"training.{place}.layers")
        own = {id(kernel) for kernel in found}
        return tuple(weight for weight in weights if id(weight) in own)

    penalized = kernels("regularization")
    return BuiltTechniques(
        optimizer=optimizer,
        slot_starts=SlotStarts(optimizer, weights, training.optimizer.slots_like_weights),
        clipper=clip.build(weights, values("clipping")) if clip else None,
        penalty=penalize.build(values("regularization")) if penalize and penalized else None,
        project=constrain.build(values("constraint")) if constrain else None,
        augment=augment.build(values("augmentation")) if augment else None,
        smoothed_loss=smooth.build(values("label_smoothing")) if smooth else None,
        average=average.build([w.value for w in weights], values("weight_average"))
        if average
        else None,
        loss_scaler=training.precision.scaler(),
        penalized=penalized,
        projected=kernels("constraint"),
    )
