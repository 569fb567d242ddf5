"""What is known of the data that a recipe names."""

from __future__ import annotations

from collections.abc import Mapping

from ablations.data.dataset import DataFacts
from ablations.study.recipe import DataRecipe


def facts_for(data: DataRecipe, facts: Mapping[DataRecipe, DataFacts]) -> DataFacts:
    """Return what is known of a data set, however it is split."""
    wanted = (data.name, data.classes)
    return next(fact for known, fact in facts.items() if (known.name, known.classes) == wanted)
