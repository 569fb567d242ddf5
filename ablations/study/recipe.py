"""A recipe: everything needed to train once.  Frozen; round-trips through YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ablations.errors import UserCodeError, suggest
from ablations.study.base_recipe import BaseRecipe as BaseRecipe
from ablations.study.frozen import Count, Frozen, misplaced, problem, show
from ablations.study.layer_pattern import matches_none
from ablations.study.metrics import Metric, final_metrics
from ablations.study.model_families import Model
from ablations.study.settings import change
from ablations.study.split_settings import PerClass, TrainExamples, Validation
from ablations.study.tasks import CLASSIFICATION, Advice, Task, by_loss
from ablations.study.technique import Chosen, Technique, form_of
from ablations.study.training_recipe import TrainingRecipe
from ablations.study.transfer import TransferRecipe
from ablations.user_code import FORM, PREFIX, UserFunction, code_directory

STEPS_BETWEEN_HISTOGRAMS = 250  # at the least, by default


def _data_set(value: str, info: ValidationInfo) -> str:
    known = info.context["catalog"].data_sets if info.context else (value,)
    form = form_of(value, known)
    if form is None:
        raise problem(f'unknown data set "{value}"; {suggest(value, known)}')
    if form == FORM and info.context:
        try:
            UserFunction.named(value).digest()
        except UserCodeError as error:
            raise problem(f"{value}: {error}") from None
    return value


def _classes(value: Any) -> tuple[int, ...] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and len(value) > 1:
        whole = all(isinstance(one, int) and not isinstance(one, bool) for one in value)
        if whole and min(value) >= 0 and len(set(value)) == len(value):
            return tuple(value)
    raise problem(f"wants a list of at least two distinct labels ≥ 0, got {show(value)}")


class DataRecipe(Frozen):
    """What is learned from, and what is held out."""

    name: Annotated[str, AfterValidator(_data_set)]
    """A data set of the catalogue, for instance ``digits`` or ``fashion_mnist``, or one's own:
    ``npz:PATH``, ``csv:PATH`` or ``python:module.function``, from the working directory on."""
    classes: Annotated[tuple[int, ...] | None, BeforeValidator(_classes)] = None
    """Only these classes, relabelled 0, 1, … in this order; null takes them all."""
    validation: Validation = 0.1
    """Examples cut from the training data by seed: a count, or a share of them.  ``{rows: first
    5000}`` or ``{rows: last 5000}`` takes the same rows for every seed."""
    train_examples: TrainExamples = None
    """Train on this many of the examples that are left, drawn by seed; null takes them all, and
    ``{per_class: 100}`` as many of each class."""
    scale: Literal["standardize"] | None = None
    """``standardize`` subtracts from each feature its mean over the training rows and divides by
    its deviation there, if that is not 0.  Null leaves features as they are, pixels from 0 to 1."""

    _code: str | None = PrivateAttr(None)

    @property
    def code(self) -> str | None:
        """Where a user's function is found that returns it; None is the working directory."""
        return self._code

    @property
    def advice(self) -> Advice:
        """How another task is declared, where the labels are of one."""
        return by_loss

    @model_validator(mode="after")
    def _of_its_code(self) -> DataRecipe:
        if form_of(self.name, (FORM,)):
            self._code = code_directory()
        return self


class TelemetryRecipe(Frozen):
    """What is recorded.  It never touches a weight, so it does not enter the fingerprint."""

    histograms_every_epochs: Annotated[int, Field(ge=0)] | None = None
    """Histograms of gradients, activations and weights, and norms of gradients, after every so
    many epochs and after the last; 0 is never.  Null is every epoch, or as many short ones as
    make up 250 steps: looking at a network takes as long as some dozen steps."""
    gradient_samples_per_epoch: Count = 4
    """Steps of an epoch, evenly spread, whose gradients are measured."""

    @property
    def records(self) -> bool:
        """Whether histograms and norms are recorded at all."""
        return self.histograms_every_epochs != 0

    def due(self, epoch: int, epochs: int, steps: int) -> bool:
        """Return whether an epoch, of so many with so many steps each, is recorded."""
        every = self.histograms_every_epochs
        if every is None:
            every = -(-STEPS_BETWEEN_HISTOGRAMS // max(steps, 1))
        return self.records and (epoch % every == 0 or epoch == epochs)


class Recipe(BaseRecipe):
    """Everything needed to train once by the compiled trainer."""

    kind: ClassVar[str] = "compiled"
    # Other data would make validation scores incomparable.
    tunable: ClassVar[tuple[str, ...]] = ("model", "training")

    data: DataRecipe
    model: Chosen[Model]
    training: TrainingRecipe
    transfer: TransferRecipe | None = None
    """Start from weights that were learned before; null starts from the initializer."""
    telemetry: TelemetryRecipe = TelemetryRecipe()
    _source: Recipe | None = PrivateAttr(None)

    @property
    def source(self) -> Recipe | None:
        """The recipe of the task that is learned first, if there is one."""
        return self._source

    @property
    def all_data(self) -> tuple[DataRecipe, ...]:
        """All that is learned from, the recipe's own task first."""
        return (self.data,) if self._source is None else (self.data, self._source.data)

    @property
    def planned_epochs(self) -> int:
        """The epochs of the recipe's own task."""
        return self.training.epochs

    @property
    def records_layers(self) -> bool:
        """Whether the telemetry asks for any."""
        return self.telemetry.records

    @property
    def task(self) -> Task:
        """That of the training loss."""
        return self.training.task

    @property
    def final_metrics(self) -> Mapping[str, Metric]:
        """Those of its task."""
        return final_metrics(self.training.task, self.training.scores)

    @property
    def restores_best(self) -> bool:
        """Whether it stops early."""
        return self.training.early_stopping is not None

    @property
    def keeps_checkpoint(self) -> bool:
        """Whether the final weights are kept."""
        return self.training.keep_checkpoint

    def file_of_weights(self, seed: int) -> Path | None:
        """Return the file that the transfer reads, if it reads one."""
        return None if self.transfer is None else self.transfer.source.file(seed)

    @model_validator(mode="after")
    def _patterns_match(self, info: ValidationInfo) -> Recipe:
        layers = self.model.kernel_layers if info.context else None
        for name in ("regularization", "constraint"):
            technique = getattr(self.training, name)
            if layers is None or technique is None or technique.layers is None:
                continue
            if wrong := matches_none(technique.layers, layers, "layer with a kernel"):
                raise misplaced(wrong, "training", name, "layers")
        return self

    @model_validator(mode="after")
    def _transfers(self, info: ValidationInfo) -> Recipe:
        if self.training.task is not CLASSIFICATION:
            message = f"wants classes, and training.loss learns a {self.training.task.title}"
            if self.model.test_samples:
                raise misplaced(message, "model", "monte_carlo_dropout")
            for name in ("classes", "train_examples"):
                if isinstance(getattr(self.data, name), (tuple, PerClass)):
                    raise misplaced(message, "data", name)
        if self.transfer is None:
            return self
        if self.transfer.unfreeze and self.training.early_stopping is not None:
            raise misplaced("does not go with early_stopping", "transfer", "unfreeze")
        if self.transfer.cache and self.training.augmentation is not None:
            raise misplaced("does not go with augmentation", "transfer", "cache")
        if self.training.task is not CLASSIFICATION and getattr(
            self.transfer.source, "paired_rows", False
        ):
            message = f"wants classes, and a {self.training.task.title} has none"
            raise misplaced(message, "transfer", "source")
        changes = self.transfer.source.task_changes
        if changes is not None and info.context:
            settings = change({**self.settings(), "transfer": None}, changes)
            try:
                self._source = Recipe.model_validate(settings, context=info.context)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                message = f"{where}: {first['msg']}"
                raise misplaced(message, "transfer", "source", "changes") from None
            if self._source.training.task is not self.training.task:
                message = f"wants a {self.training.task.title}, as the recipe's own task is"
                raise misplaced(message, "transfer", "source", "changes")
        return self

    def code_files(self) -> list[Path]:
        """Return the files of the user's functions, of the task that is learned first as well."""
        names = [self.data.name, *(technique.name for technique in self._own_techniques)]
        functions = [UserFunction.named(name) for name in names if name.startswith(PREFIX)]
        own = [file for function in functions for file in function.files()]
        return [*own, *(self._source.code_files() if self._source else ())]

    @property
    def free_values(self) -> Any:
        """The parameters of the user's functions."""
        return [technique.model_extra for technique in self._own_techniques]

    @property
    def _own_techniques(self) -> list[Technique]:
        graders = (self.training.loss, *self.training.metrics)
        chosen = [each for each in (self.model, *graders) if each is not None]
        return [each for each in chosen if each.name.startswith(PREFIX)]

    def settings(self) -> dict[str, Any]:
        """Return the recipe as plain nested data, defaults filled in."""
        return self.model_dump(mode="json")
