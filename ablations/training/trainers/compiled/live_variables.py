"""Variables for the live numbers of a program, which recipes of one structure share."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from ablations.study.frozen import Frozen
from ablations.study.structure import live_numbers
from ablations.study.technique import LiveValues, below


class LiveVariables:
    """One variable for each live number of some sections of a recipe, by name of the section."""

    def __init__(self, sections: Mapping[str, Frozen]) -> None:
        self._variables = {
            path: tf.Variable(number, trainable=False, dtype=tf.float32)
            for path, number in _numbers(sections).items()
        }

    def of(self, *path: str) -> LiveValues:
        """Return the variables below a dotted path, for instance those of one technique."""
        return below(self._variables, ".".join(path))

    def assign(self, sections: Mapping[str, Frozen]) -> None:
        """Set the variables to the numbers of another recipe of the same structure."""
        numbers = _numbers(sections)
        for path, variable in self._variables.items():
            variable.assign(numbers[path])


def _numbers(sections: Mapping[str, Frozen]) -> dict[str, float]:
    return {
        f"{name}.{path}": number
        for name, section in sections.items()
        for path, number in live_numbers(section).items()
    }
