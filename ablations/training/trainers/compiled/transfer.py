"""Check before training whether a run's stages can be built and find the layers they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablations.data.dataset import DataFacts
from ablations.data.inputs import facts_for
from ablations.errors import AblationsError
from ablations.study.recipe import DataRecipe, Recipe
from ablations.techniques.keras.layer_names import chosen_kernels
from ablations.training.stage import stages_of
from ablations.training.trainers.compiled.network import assemble
from ablations.training.trainers.compiled.weights import Weights, read_weights, reuse, weights_of


def check_transfer(
    arm: str, recipe: Recipe, facts: Mapping[DataRecipe, DataFacts], seeds: Sequence[int]
) -> None:
    """Build all networks of an arm, choose layers and transfer weights as its runs would.

    Raises:
        AblationsError: names the arm, the place in its recipe, and what would fit.
    """
    try:
        source = None if recipe.transfer is None else recipe.transfer.source
        named = (None if source is None else source.file(seed) for seed in seeds)
        files = sorted({path for path in named if path is not None})
        for file in files:
            _rehearse(recipe, facts, read_weights(file))
        if not files:
            _rehearse(recipe, facts, {})
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None


def _rehearse(recipe: Recipe, facts: Mapping[DataRecipe, DataFacts], weights: Weights) -> None:
    for stage in stages_of(recipe):
        data = facts_for(stage.recipe.data, facts)
        network = assemble(
            stage.recipe.model,
            data.input_shape,
            data.outputs,
            stage.setup,
            task=stage.recipe.training.task,
        )
        for name in ("regularization", "constraint"):
            technique = getattr(stage.recipe.training, name)
            if technique is not None:
                chosen_kernels(network.classifier, technique.layers, f"training.{name}.layers")
        if weights:
            reuse(network.model, weights, stage.reuse)
        weights = {**weights, **weights_of(network.model)}
