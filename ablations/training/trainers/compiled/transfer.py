"""Check before training whether a run's stages can be built and transfer their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablations.data.dataset import DataFacts
from ablations.data.inputs import facts_for
from ablations.errors import AblationsError
from ablations.study.recipe import DataRecipe, Recipe
from ablations.training.stage import stages_of
from ablations.training.trainers.compiled.network import assemble
from ablations.training.trainers.compiled.weights import Weights, read_weights, reuse, weights_of


def check_transfer(
    arm: str, recipe: Recipe, facts: Mapping[DataRecipe, DataFacts], seeds: Sequence[int]
) -> None:
    """Build all networks of an arm and transfer weights as its runs would.

    Raises:
        AblationsError: names the arm, the place in its recipe, and what would fit.
    """
    try:
        assert recipe.transfer is not None
        named = (recipe.transfer.source.file(seed) for seed in seeds)
        files = sorted({path for path in named if path is not None})
        for source in files:
            _rehearse(recipe, facts, read_weights(source))
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
        if weights:
            reuse(network.model, weights, stage.reuse)
        weights = {**weights, **weights_of(network.model)}
