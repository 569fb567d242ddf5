"""The final metrics that are computed after the last epoch, one function each.

Names, labels and units are declared in ``study/metrics.py``; the final metrics that follow from
the epochs' curves are declared there whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablations.study.scores import SCORES
from ablations.study.tasks import Task
from ablations.training.trainers.compiled.program import Program
from ablations.training.trainers.compiled.stage_data import StageData
from ablations.training.trainers.trainer import FinalScores


class FinalEvaluation:
    """The tested weights on each split: their averages, where the recipe averages weights."""

    def __init__(
        self, program: Program, data: StageData, task: Task, validation_score: float
    ) -> None:
        self.program, self.data, self.task = program, data, task
        self.validation_score = validation_score
        """Of the tested epoch."""
        self._test = data.test_examples()
        self.raw_test_score = None if program.average is None else self._evaluate_test()[1]
        """That of the weights themselves, where they are averaged."""

    def scores(self) -> FinalScores:
        """Return the final metrics that this run has, and which test examples it got right."""
        with self.program.averaged_weights():
            computed = {name: compute(self) for name, compute in final_metrics_of(self.task)}
            correct = self.test[2] if self.task.rights_and_wrongs else None
        found = {name: value for name, value in computed.items() if value is not None}
        return FinalScores({**found, **self._measured}, correct)

    @cached_property
    def test(self) -> tuple[float, float, NDArray[np.bool_]]:
        """Loss and score on the test split, and where the score is above 0, [N]."""
        found = self._evaluate_test()
        measured = self.program.test_evaluation.measured()
        self._measured = {f"test_{name}": value for name, value in measured.items()}
        return found

    def _evaluate_test(self) -> tuple[float, float, NDArray[np.bool_]]:
        loss, score, above = self.program.test_evaluation.run_each(self._test)
        return loss, score, above.numpy()


def _generalization_gap(final: FinalEvaluation) -> float:
    """Return by how much training beats validation in the score, both in inference mode.

    The training score is that of as many training examples as validate, at most.
    """
    examples = final.data.train_examples(len(final.data.validation.labels))
    _, train_score = final.program.evaluation.run(examples)
    gap = train_score - final.validation_score
    return gap if SCORES[final.task.score].better == "higher" else -gap


def _inference_time(final: FinalEvaluation) -> float:
    return final.program.test_evaluation.microseconds_per_sample(final.data.validation)


Computed = Callable[[FinalEvaluation], float | None]
"""Returns None where a run has no such metric."""


def final_metrics_of(task: Task) -> Iterator[tuple[str, Computed]]:
    """Yield name and function of what is computed of every run; the order is that of the result."""
    yield f"test_{task.score}_raw", lambda final: final.raw_test_score
    yield "test_loss", lambda final: final.test[0]
    yield f"test_{task.score}", lambda final: final.test[1]
    yield "weight_sparsity", lambda final: final.program.weight_sparsity()
    yield "generalization_gap", _generalization_gap
    yield "inference_microseconds_per_sample", _inference_time
