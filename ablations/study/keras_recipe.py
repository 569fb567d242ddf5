"""The recipe of ``trainer: keras``: a user's compiled model, its data, and what ``fit`` is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from ablations.errors import UserCodeError
from ablations.study.free_recipes import code_of
from ablations.study.frozen import Count, Frozen, problem, show
from ablations.study.recipe import BaseRecipe, DataRecipe, TelemetryRecipe
from ablations.study.tasks import TASKS, Advice, Kind, Task, by_data
from ablations.user_code import FORM, PREFIX, UserFunction


def _mapping(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _with_its_code(value: Any, info: ValidationInfo) -> Any:
    """Add the hash of a user's function, unless it is read back with the one it was made with."""
    if not info.context or not isinstance(value, Mapping) or value.get("code_hash"):
        return value
    name = value.get("name")
    if not isinstance(name, str) or not name.startswith(PREFIX):
        return value
    try:
        return {**value, "code_hash": code_of(name)}
    except UserCodeError as error:
        raise problem(f"{name}: {error}") from None


class UserCall(Frozen):
    """A function of the user's, ``python:my_module.function``, with its parameters beside it."""

    model_config = ConfigDict(extra="allow")

    name: str
    code_hash: Annotated[str, Field(repr=False)] = ""
    """Hash of the user's package or module, and of what that imports; found, not written."""

    @model_validator(mode="before")
    @classmethod
    def _hashed(cls, value: Any, info: ValidationInfo) -> Any:
        name = value.get("name") if isinstance(value, Mapping) else value
        if not isinstance(name, str) or not name.startswith(PREFIX):
            raise problem(f"wants {FORM}, got {show(name)}")
        return _with_its_code(value, info)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the function is called with, by name."""
        return dict(self.model_extra or {})


class KerasData(DataRecipe):
    """A data set as the compiled trainer has it, or a function of the seed.

    ``python:my.data`` that takes ``seed`` returns ``{"train": …, "validation": …, "test": …}``,
    each a ``tf.data.Dataset`` of batches; the last two may be missing.  What stands beside the
    name are its parameters.  One that takes ``epoch`` too (from 1) is called for each epoch, may
    return generators, and lets a run that was killed go on to the same bits.
    """

    model_config = ConfigDict(extra="allow")

    task: Kind = "classification"
    """What the labels of a data set are: ``classification``, ``several_labels``, ``regression``.

    A function of the seed returns them as the model reads them; there it decides only which metric
    answers where the study names none."""
    code_hash: Annotated[str, Field(repr=False)] = ""
    """Hash of the user's function; found, not written."""

    @model_validator(mode="before")
    @classmethod
    def _hashed(cls, value: Any, info: ValidationInfo) -> Any:
        return _with_its_code(value, info)

    @property
    def advice(self) -> Advice:
        """How another task is declared, where the labels are of one."""
        return by_data

    @property
    def is_function(self) -> bool:
        """Whether a function of the user's returns the data."""
        return self.name.startswith(PREFIX)

    @property
    def parameters(self) -> dict[str, Any]:
        """What a function of the user's is called with beside the seed."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def _parameters_are_of_a_function(self) -> KerasData:
        if self.model_extra and not self.is_function:
            name = next(iter(self.model_extra))
            raise problem(f'unknown key "{name}"; only {FORM} has parameters of its own')
        return self


class FitRecipe(Frozen):
    """What ``fit`` is told beside the model and the data."""

    epochs: Count
    batch_size: Count = 32
    """Examples a step; a function's own batches are taken as they come."""
    callbacks: Annotated[UserCall | None, BeforeValidator(_mapping)] = None
    """A function that returns a list of Keras callbacks, anew for each run."""
    keep_checkpoint: bool = False
    """Keep the final weights and optimizer state in ``checkpoint/``."""


class KerasRecipe(BaseRecipe):
    """Everything that ``fit`` trains with."""

    kind: ClassVar[str] = "keras"
    found: ClassVar[tuple[str, ...]] = (
        *("data.code_hash", "model.code_hash"),
        "training.callbacks.code_hash",
    )
    tunable: ClassVar[tuple[str, ...]] = ("model", "training")

    trainer: Annotated[Literal["keras"], Field(repr=False)] = "keras"
    data: Annotated[KerasData, BeforeValidator(_mapping)]
    model: Annotated[UserCall, BeforeValidator(_mapping)]
    """``build(input_shape, classes, **parameters)``, or ``build(**parameters)`` where the data is a
    function of the seed; returns a compiled Keras model."""
    training: FitRecipe
    telemetry: TelemetryRecipe = TelemetryRecipe()

    @property
    def all_data(self) -> tuple[DataRecipe, ...]:
        """The data set, unless a function returns it: then its code is in the recipe."""
        return () if self.data.is_function else (self.data,)

    def code_files(self) -> list[Path]:
        """Return the files of the functions."""
        return [file for each in self._called for file in UserFunction.named(each.name).files()]

    @property
    def free_values(self) -> Any:
        """The parameters of the functions."""
        return [each.parameters for each in self._called]

    @property
    def _called(self) -> list[KerasData | UserCall]:
        called = (self.data if self.data.is_function else None, self.model, self.training.callbacks)
        return [each for each in called if each is not None]

    @property
    def task(self) -> Task:
        """What the data says."""
        return TASKS[self.data.task]

    @property
    def planned_epochs(self) -> int:
        """The epochs of ``fit``."""
        return self.training.epochs

    @property
    def keeps_checkpoint(self) -> bool:
        """Whether the final weights are kept."""
        return self.training.keep_checkpoint


def check_code(recipe: KerasRecipe) -> None:
    """See that the user's functions are what they were.

    Raises:
        UserCodeError: one has changed since the study was read.
    """
    for called in (recipe.data, recipe.model, recipe.training.callbacks):
        if called and called.code_hash and code_of(called.name) != called.code_hash:
            raise UserCodeError(f"{called.name}: its code has changed since the study was read")
