"""See before training that every class has the examples that a recipe wants of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ablations.data import catalog as data_catalog
from ablations.execution.apart import SeparateProcess
from ablations.study.expand import Run
from ablations.study.recipe import DataRecipe
from ablations.study.split_settings import PerClass
from ablations.user_code import code_from


def check_classes_of(wanted: Iterable[Run], directory: Path | None) -> None:
    """Refuse runs that want more examples of a class than their seed leaves to train on.

    Raises:
        DataError: names the class.
    """
    from ablations.data.split import check_classes

    seeds: dict[DataRecipe, set[int]] = {}
    for run in wanted:
        for data in run.recipe.all_data:
            if isinstance(data.train_examples, PerClass):
                seeds.setdefault(data, set()).add(run.seed)
    with SeparateProcess() as process:
        for data, of_data in seeds.items():
            arguments = (data, sorted(of_data), directory)
            if data_catalog.runs_user_code(data.name):
                with code_from(data.code):
                    process.call(check_classes, [arguments])
            else:
                check_classes(*arguments)
