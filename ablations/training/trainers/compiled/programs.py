"""The programs that a process keeps, found by the structure of what they train."""

from __future__ import annotations

import gc
import json
from collections import OrderedDict

from ablations.data.dataset import Dataset
from ablations.study.recipe import Recipe
from ablations.study.structure import structure
from ablations.techniques.keras import internals
from ablations.training.stage import WHOLE_NETWORK, StageSetup
from ablations.training.trainers.compiled.program import Program, sections

KEPT_PROGRAMS = 2


class Programs:
    """The programs a process keeps; the least recently used one goes first."""

    def __init__(self, kept: int = KEPT_PROGRAMS) -> None:
        self._kept: OrderedDict[str, Program] = OrderedDict()
        self._least = self._capacity = kept

    def make_room(self, stages: int) -> None:
        """Keep as many programs as a run has stages, so that its next seed finds them all."""
        self._capacity = max(self._least, stages)

    def get(
        self, recipe: Recipe, dataset: Dataset, setup: StageSetup = WHOLE_NETWORK
    ) -> tuple[Program, bool]:
        """Return the program for a recipe, and whether it is new and still to be traced."""
        key = compile_key(recipe, dataset, setup)
        new = key not in self._kept
        if new:
            if len(self._kept) >= self._capacity:
                while len(self._kept) >= self._capacity:
                    self._kept.popitem(last=False)
                _free_dropped_programs()
            self._kept[key] = Program(recipe, dataset, setup)
        self._kept.move_to_end(key)
        return self._kept[key], new


def compile_key(recipe: Recipe, dataset: Dataset, setup: StageSetup = WHOLE_NETWORK) -> str:
    """Return what shapes a program: equal keys, equal graphs."""
    key = {
        "sections": {n: structure(section) for n, section in sections(recipe, setup).items()},
        "stage": [setup.level, setup.frozen, setup.cached],
        "records": recipe.telemetry.records,
        "data": dataset.digest,
        "scale": recipe.data.scale,
    }
    return json.dumps(key, sort_keys=True)


def _free_dropped_programs() -> None:
    """Free what traced programs held that nothing refers to any more.

    A program is full of cycles around graphs that Python cannot see, and TensorFlow caches the
    kernels of every function that was called.
    """
    gc.collect()
    internals.clear_kernel_cache()
