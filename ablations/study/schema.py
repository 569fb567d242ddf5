"""The types of a study: recipe, arm, claim, study.  All frozen; all round-trip through YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from ablations.errors import UserCodeError, suggest
from ablations.study.metrics import METRICS
from ablations.study.technique import (
    Count,
    Frozen,
    NonNegative,
    form_of,
    from_family,
    problem,
    show,
)
from ablations.study.user_code import FORM, UserFunction

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NAME_WANTED = (
    "{} cannot name a directory; wants a letter or digit, then up to 99 of letters, digits, "
    "'.', '_' and '-'"
)
Design = Literal["one_at_a_time", "leave_one_out", "full_factorial"]


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise problem(NAME_WANTED.format(show(value)))
    return value


def _metric(value: str) -> str:
    if value not in METRICS:
        raise problem(f'unknown metric "{value}"; {suggest(value, METRICS)}')
    return value


def _validation(value: Any) -> int | float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and ((isinstance(value, int) and value >= 1) or 0 < value < 1):
        return value  # type: ignore[no-any-return]
    raise problem(f"wants a count ≥ 1 or a share between 0 and 1, got {show(value)}")


def _seeds(value: Any) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return tuple(range(value))
    if isinstance(value, (list, tuple)) and value:
        whole = all(isinstance(seed, int) and not isinstance(seed, bool) for seed in value)
        if whole and min(value) >= 0 and len(set(value)) == len(value):
            return tuple(value)
    raise problem(f"wants a number of seeds ≥ 1 or a list of distinct seeds ≥ 0, got {show(value)}")


def _data_set(value: str, info: ValidationInfo) -> str:
    known = info.context["catalog"].data_sets if info.context else (value,)
    form = form_of(value, known)
    if form is None:
        raise problem(f'unknown data set "{value}"; {suggest(value, known)}')
    if form == FORM and info.context:
        try:
            UserFunction.named(value).files()
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


Name = Annotated[str, AfterValidator(_name)]
MetricName = Annotated[str, AfterValidator(_metric)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_seeds)]
Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class DataRecipe(Frozen):
    """What is learned from, and what is held out."""

    name: Annotated[str, AfterValidator(_data_set)]
    """A data set of the catalogue, for instance ``digits`` or ``fashion_mnist``, or one's own:
    ``npz:PATH``, ``csv:PATH`` or ``python:module.function``, from the working directory on."""
    classes: Annotated[tuple[int, ...] | None, BeforeValidator(_classes)] = None
    """Only these classes, relabelled 0, 1, … in this order; null takes them all."""
    validation: Annotated[int | float, BeforeValidator(_validation)] = 0.1
    """Examples cut from the training data by seed: a count, or a share of them."""
    train_examples: Count | None = None
    """Train on this many of the examples that are left; null takes them all."""


class TrainingRecipe(Frozen):
    """How the weights are found."""

    batch_size: Count
    """Examples a step; an epoch drops the examples that fill no whole batch, others each time."""
    epochs: Count
    optimizer: from_family("optimizer")  # type: ignore[valid-type]
    schedule: from_family("schedule") | None = None  # type: ignore[valid-type]
    """How the optimizer's learning rate changes; null keeps it."""
    clipping: from_family("clipping") | None = None  # type: ignore[valid-type]
    regularization: from_family("regularization") | None = None  # type: ignore[valid-type]
    constraint: from_family("constraint") | None = None  # type: ignore[valid-type]
    augmentation: from_family("augmentation", default="perturbation") | None = None  # type: ignore[valid-type]
    weight_average: from_family("weight average") | None = None  # type: ignore[valid-type]
    early_stopping: from_family("early stopping", default="patience") | None = None  # type: ignore[valid-type]
    keep_checkpoint: bool = False
    """Keep the final weights and optimizer state in ``checkpoint/``."""


class TelemetryRecipe(Frozen):
    """What is recorded.  It never touches a weight, so it does not enter the fingerprint."""

    histograms_every_epochs: Annotated[int, Field(ge=0)] = 1
    """Histograms of gradients, activations and weights after every so many epochs; 0 is never."""
    gradient_samples_per_epoch: Count = 8
    """Steps of an epoch, evenly spread, whose gradients fill one histogram."""


class Recipe(Frozen):
    """Everything needed to train once."""

    data: DataRecipe
    model: from_family("model", default="mlp")  # type: ignore[valid-type]
    training: TrainingRecipe
    telemetry: TelemetryRecipe = TelemetryRecipe()

    def settings(self) -> dict[str, Any]:
        """Return the recipe as plain nested data, defaults filled in."""
        return self.model_dump(mode="json")

    def science(self) -> dict[str, Any]:
        """Return the settings that can change a result: all but what is recorded."""
        return self.model_dump(mode="json", exclude={"telemetry"})


class Arm(Frozen):
    """A named change of the base, with the recipe that results."""

    name: Name
    changes: Mapping[str, Any]
    """What the arm declares: dotted path of the recipe → value as written."""
    levels: Mapping[str, str] = {}
    """In a factorial design: factor → label of its level in this arm."""
    recipe: Recipe


class Claim(Frozen):
    """A statement of the literature or the notes, which the study tests."""

    better: str
    """The arm that is said to do better."""
    than: str
    on: MetricName = "test_accuracy"
    source: str
    text: str = ""
    """The claim in words, where the arms' names do not say it."""


class Study(Frozen):
    """One question: arms of one base, compared with a control over seeds."""

    study: Name
    question: str
    description: str = ""
    base: Recipe
    control: Name
    arms: Annotated[tuple[Arm, ...], Listed]
    design: Design | None = None
    seeds: Seeds
    metric: MetricName = "test_accuracy"
    """The metric that answers the question."""
    margin: NonNegative = 0.0
    """The smallest difference of ``metric`` that matters in practice, in the metric's unit."""
    claims: Annotated[tuple[Claim, ...], Listed] = ()
    overrides: Mapping[str, Any] = {}
    """What ``--set`` changed in the base: dotted path → value."""

    def arm(self, name: str) -> Arm:
        """Return the arm called ``name``; KeyError if there is none."""
        found = {arm.name: arm for arm in self.arms}
        return found[name]

    @property
    def arm_names(self) -> tuple[str, ...]:
        """The arms in the order of the file."""
        return tuple(arm.name for arm in self.arms)
