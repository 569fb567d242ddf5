"""Where the first weights of a run come from, if not from its initializer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ablations.study.families import Pretraining, Source
from ablations.study.frozen import Count, NonNegative, Positive, Share
from ablations.study.model_families import Model
from ablations.study.protocols import Objective
from ablations.study.technique import Family, LiveValues

if TYPE_CHECKING:
    import keras


class Checkpoint(Source):
    """The final state of a run of this suite, or arrays of any framework by variable name.

    A run keeps its state in ``checkpoint/state.npz`` with ``training.keep_checkpoint: true``.  In
    another ``.npz``, ``hidden1/kernel`` is the kernel [in, out] of the layer hidden1; its bias is
    ``hidden1/bias``.  ``{seed}`` in the path stands for the run's seed.
    """

    name: Literal["checkpoint"] = "checkpoint"
    path: Annotated[str, Field(examples=["runs/first/elu/seed-{seed}/checkpoint/state.npz"])]

    def file(self, seed: int) -> Path | None:
        return Path(self.path.replace("{seed}", str(seed)))


class OtherTask(Source):
    """The run first learns another task: its own recipe with some dotted paths changed.

    ``changes: {data.classes: [0, 1, 2], training.epochs: 20}`` learns three classes first.
    """

    name: Literal["task"] = "task"
    changes: Annotated[
        Mapping[str, Any],
        Field(min_length=1, examples=[{"data.classes": [0, 1, 2], "training.epochs": 20}]),
    ]

    @property
    def task_changes(self) -> Mapping[str, Any]:
        return self.changes


class Autoencoder(Pretraining):
    """Reconstruct the input from what a narrower or noisy passage lets through; mean square error.

    The decoder mirrors the hidden layers, ELU between, linear at the end.  ``noise`` or
    ``dropout`` on the input makes it denoising (Vincent et al. 2008).  ``greedy``: one hidden
    level after another, each reconstructing the outputs of the frozen level below (Hinton and
    Salakhutdinov 2006; Bengio et al. 2007), ``epochs`` for each.
    """

    name: Literal["autoencoder"] = "autoencoder"
    greedy: bool = False
    noise: NonNegative = 0.0
    """σ of normal noise, where pixels span 0 to 1."""
    dropout: Share = 0.0
    """Share of the inputs that are set to 0."""

    def stages(self, model: Model) -> int:
        return model.levels if self.greedy else 1

    def build(
        self, model: keras.Model, levels: list[keras.KerasTensor], stage: int, live: LiveValues
    ) -> keras.Model:
        from ablations.techniques.keras.pretraining import autoencoder

        level = stage if self.greedy else None
        return autoencoder(model, levels, level, self.noise, self.dropout)

    def objective(self, live: LiveValues) -> Objective:
        from ablations.techniques.keras.objectives import squared_error

        return squared_error


class SameClassPairs(Pretraining):
    """Are two examples of the same class?  Half of the pairs are.

    The same hidden levels read both.  By ``distance`` the logit is linear in |h₁ − h₂|, the
    difference of the highest level's outputs; ``concatenated`` joins h₁ and h₂ and puts
    ``head_units`` units with ELU on top, then the logit.  That two examples belong together is
    often known where their classes are not (notes 000).
    """

    name: Literal["same_class_pairs"] = "same_class_pairs"
    paired_rows: ClassVar[bool] = True
    head: Literal["distance", "concatenated"] = "distance"
    """How the outputs of the highest hidden level for a pair are put together."""
    head_units: Count = 10
    """Units between two outputs that are joined and the logit."""

    def build(
        self, model: keras.Model, levels: list[keras.KerasTensor], stage: int, live: LiveValues
    ) -> keras.Model:
        from ablations.techniques.keras.pretraining import pairs

        return pairs(model, levels, self.head_units if self.head == "concatenated" else None)

    def objective(self, live: LiveValues) -> Objective:
        from ablations.techniques.keras.objectives import same_class

        return same_class


class GoodOrCorrupted(Pretraining):
    """Score an example higher than its corruption, by at least ``margin`` (notes 000).

    The corruption takes each feature, with probability ``corruption``, from another example of
    the batch, so that every single feature stays plausible (Collobert and Weston 2008, who
    replace a word).  Loss: max(0, margin − good + corrupted).
    """

    name: Literal["good_or_corrupted"] = "good_or_corrupted"
    margin: Positive = 1.0
    corruption: Annotated[float, Field(gt=0, le=1)] = 0.3

    def build(
        self, model: keras.Model, levels: list[keras.KerasTensor], stage: int, live: LiveValues
    ) -> keras.Model:
        from ablations.techniques.keras.pretraining import scores

        return scores(model, levels, self.corruption)

    def objective(self, live: LiveValues) -> Objective:
        from ablations.techniques.keras.objectives import ranking

        return ranking(self.margin)


PRETRAININGS = Family(Source, (Checkpoint, OtherTask, Autoencoder, SameClassPairs, GoodOrCorrupted))
