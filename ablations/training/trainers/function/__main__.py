"""The process that calls a user's function: ``python -m … DIRECTORY SEED FINGERPRINT METRIC``.

Its recipe lies in the directory.  It leaves ``final.json``, or ends with the status ``RAISED``, and
its last line is the reason.
"""

from __future__ import annotations

import json
import os
import random
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ablations.errors import AblationsError, TrainerError, UserCodeError
from ablations.files import write_atomically
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import read_checkpoint_header, read_history
from ablations.own_files import Imported
from ablations.study.free_recipes import FunctionRecipe
from ablations.study.yaml_reader import read_yaml
from ablations.telemetry.run_events import RunEvents
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.function.checkpoint import FunctionCheckpoint
from ablations.training.trainers.function.run import Run
from ablations.training.trainers.function.trainer import IMPORTED, RAISED, RESTORED, VERSIONS
from ablations.training.trainers.program.final_metrics import checked, number_in
from ablations.user_code import UserFunction, take_code_from

NAMED = {
    **{name: name for name in ("numpy", "scipy", "torch", "jax", "flax", "keras", "tensorflow")},
    **{name: name for name in ("xgboost", "lightgbm", "catboost", "pandas", "transformers")},
    "sklearn": "scikit-learn",
}
"""Module → package whose version a result names, where the function imported it."""


def main(directory: RunDirectory, seed: int, fingerprint: str, metric: str) -> None:
    """Call the function, and leave what it returns."""
    recipe = FunctionRecipe.model_validate(
        read_yaml(directory.recipe.read_bytes(), str(directory.recipe)).data
    )
    if recipe.code:
        take_code_from(recipe.code)
    function, process = UserFunction.named(recipe.trainer), os.getpid()
    imported = Imported(*([Path(recipe.code)] if recipe.code else []))
    function.load()
    imported.look()  # before a file that is imported can be edited
    # What a function draws without a generator of its own follows from the seed as well.
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    with RunEvents(directory.path, append_to=directory.events[0]) as events:
        checkpoint = _checkpoint(directory, fingerprint)
        run = Run(recipe.settings, seed, directory, checkpoint, events)
        returned = function.call(run)
    if os.getpid() != process:  # a fork of the user's that came back
        os._exit(0)
    try:
        checked(returned, "returns", metric)
    except TrainerError as error:
        raise UserCodeError(f"{function}: {error}") from None
    told = {VERSIONS: _versions(), IMPORTED: imported.look(), RESTORED: checkpoint.asked}
    write_atomically(directory.versions, json.dumps(told))
    write_atomically(directory.final_metrics, json.dumps(dict(map(_plain, returned.items()))))


def _plain(item: tuple[str, Any]) -> tuple[str, float | str]:
    """Return a number as such; what is none is told of, and left out."""
    name, value = item
    number = number_in(value)
    return name, type(value).__name__ if number is None else number


def _checkpoint(directory: RunDirectory, fingerprint: str) -> FunctionCheckpoint:
    def steps() -> int:
        history = read_history(directory.metrics)
        return int(history[-1]["epoch"] or 0) if history else 0

    header = read_checkpoint_header(directory.resume)
    seconds = float(header.progress.get("seconds", 0.0)) if header else 0.0
    return FunctionCheckpoint(CheckpointManager(directory, fingerprint), steps, seconds)


def _versions() -> dict[str, str]:
    imported = (package for module, package in NAMED.items() if module in sys.modules)
    found = {}
    for package in imported:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _end(status: int) -> NoReturn:
    """End at once: threads that the function has left running would keep the process for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    place, number, known, wanted = sys.argv[1:]
    try:
        main(RunDirectory(Path(place)), int(number), known, wanted)
    except AblationsError as reason:
        if not isinstance(reason.__cause__, AblationsError) and reason.__cause__ is not None:
            import traceback

            traceback.print_exception(reason.__cause__)
        print(reason, file=sys.stderr)
        _end(RAISED)
    _end(0)
