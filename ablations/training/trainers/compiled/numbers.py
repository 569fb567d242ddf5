"""Numbers of techniques in variables: arms that differ in nothing else share a traced program.

A technique names such parameters in ``Technique.live``; whether one is in use (neither null nor
zero) shapes the graph, its value does not.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ablations.study.recipe import TrainingRecipe
from ablations.study.technique import Technique

LIVE = "live"  # stands for the value in what shapes a program


def techniques_of(training: TrainingRecipe) -> dict[str, Technique]:
    """Return field of the recipe → technique, of those that are chosen."""
    fields = {name: getattr(training, name) for name in type(training).model_fields}
    return {name: value for name, value in fields.items() if isinstance(value, Technique)}


def shape_of(training: TrainingRecipe) -> dict[str, Any]:
    """Return the settings that shape a program: the value of a live number does not."""
    settings = training.model_dump(mode="json")
    for place, technique in techniques_of(training).items():
        settings[place] |= dict.fromkeys(technique.numbers(), LIVE)
    return settings


class Numbers:
    """The variables of one program."""

    def __init__(self, training: TrainingRecipe) -> None:
        self._variables = {
            (place, field): tf.Variable(value, trainable=False, dtype=tf.float32)
            for place, technique in techniques_of(training).items()
            for field, value in technique.numbers().items()
        }
        self.training = training.model_copy(update=self._lifted(training))
        """The recipe's techniques with variables in place of their live numbers: build these."""

    def _lifted(self, training: TrainingRecipe) -> dict[str, Technique]:
        lifted = {}
        for place, technique in techniques_of(training).items():
            fields = {field: self._variables[place, field] for field in technique.numbers()}
            lifted[place] = technique.model_copy(update=fields)
        return lifted

    def assign(self, training: TrainingRecipe) -> None:
        """Take on the numbers of another recipe of the same shape."""
        techniques = techniques_of(training)
        for (place, field), variable in self._variables.items():
            variable.assign(getattr(techniques[place], field))
