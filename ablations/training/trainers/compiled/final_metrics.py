"""The final metrics that are computed after the last epoch, one function each.

Names, labels and units are declared in ``study/metrics.py``; the final metrics that follow from
the epochs' curves are declared there whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ablations.training.trainers.compiled.program import Program
from ablations.training.trainers.compiled.stage_data import StageData
from ablations.training.trainers.trainer import FinalScores


class FinalEvaluation:
    """The tested weights on each split: their averages, where the recipe averages weights."""

    def __init__(self, program: Program, data: StageData, validation_accuracy: float) -> None:
        self.program, self.data = program, data
        self.validation_accuracy = validation_accuracy
        """Of the tested epoch."""
        self._test = data.test_examples()
        self.raw_test_accuracy = None if program.average is None else self._evaluate_test()[1]
        """That of the weights themselves, where they are averaged."""

    def scores(self) -> FinalScores:
        """Return the final metrics that this run has, and which test examples it got right."""
        with self.program.averaged_weights():
            values = {name: compute(self) for name, compute in FINAL_METRICS.items()}
            correct = self.test[2]
        return FinalScores({k: v for k, v in values.items() if v is not None}, correct)

    @cached_property
    def test(self) -> tuple[float, float, NDArray[np.bool_]]:
        """Loss and accuracy on the test split, and which of its examples are correct, [N]."""
        return self._evaluate_test()

    def _evaluate_test(self) -> tuple[float, float, NDArray[np.bool_]]:
        loss, accuracy, correct = self.program.test_evaluation.run_each(self._test)
        return loss, accuracy, correct.numpy()


def _generalization_gap(final: FinalEvaluation) -> float:
    """Return training minus validation accuracy, both in inference mode.

    The training accuracy is that of as many training examples as validate, at most.
    """
    examples = final.data.train_examples(len(final.data.validation.labels))
    _, train_accuracy = final.program.evaluation.run(examples)
    return train_accuracy - final.validation_accuracy


def _inference_time(final: FinalEvaluation) -> float:
    return final.program.test_evaluation.microseconds_per_sample(final.data.validation)


FINAL_METRICS: Mapping[str, Callable[[FinalEvaluation], float | None]] = MappingProxyType(
    {
        "test_accuracy_raw": lambda final: final.raw_test_accuracy,
        "test_loss": lambda final: final.test[0],
        "test_accuracy": lambda final: final.test[1],
        "weight_sparsity": lambda final: final.program.weight_sparsity(),
        "generalization_gap": _generalization_gap,
        "inference_microseconds_per_sample": _inference_time,
    }
)
"""Name → its value, or None where a run has no such metric; the order is that of the result."""
