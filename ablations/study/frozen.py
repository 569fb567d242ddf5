"""Frozen, strict configuration, and how it says what is wrong with a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
)
from pydantic import Field as _Field
from pydantic_core import InitErrorDetails, PydanticCustomError

from ablations.errors import suggest
from ablations.study.budgets import MOST
from ablations.study.yaml_reader import reads_as

_UNLIKE_TEXT = ("float_type", "int_type", "bool_type")
PROBLEM = "ablations"  # the type of an error whose message is already in the house's words

Positive = Annotated[float, _Field(gt=0)]
NonNegative = Annotated[float, _Field(ge=0)]
Share = Annotated[float, _Field(ge=0, lt=1)]  # decay rates, momenta, dropout: [0, 1)
Count = Annotated[int, _Field(ge=1, le=MOST)]


class Frozen(BaseModel):
    """Immutable, strict configuration that rejects what it does not know, in one clear line."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        defer_build=True,  # of sixty techniques a study uses a handful
    )

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Validate as pydantic does; what is wrong is said in one clear line for each problem.

        A validator around each model would do the same and take as long as the validation.
        """
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            details = [_in_house_words(detail, cls) for detail in error.errors()]
            raise ValidationError.from_exception_data(cls.__name__, details) from None


def problem(message: str) -> PydanticCustomError:
    """Return an error for a validator to raise; ``message`` reaches the user unchanged."""
    return PydanticCustomError(PROBLEM, "{message}", {"message": message})


def misplaced(message: str, *location: str | int) -> ValidationError:
    """Return an error for a validator of a whole model to raise, at a place below that."""
    error = InitErrorDetails(type=problem(message), loc=location, input=None)
    return ValidationError.from_exception_data("settings", [error])


def _in_house_words(detail: Any, model: type[BaseModel]) -> InitErrorDetails:
    kind, got, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == PROBLEM:
        message = detail["msg"]
    elif kind == "extra_forbidden":
        *outer, key = detail["loc"]
        message = f'unknown key "{key}"; {suggest(key, _keys(_section(model, outer)))}'
    elif kind == "missing":
        message = "is missing and has no default"
    else:
        message = f"{_wanted(kind, context, detail['msg'])}, got {show(got)}"
        if kind in _UNLIKE_TEXT and isinstance(got, str) and (spelling := reads_as(got)):
            message += f"; did you mean {spelling}?"
    return InitErrorDetails(type=problem(message), loc=detail["loc"], input=got)


def _section(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel]:
    """Return the model of the section at ``location`` below a model; numbers are list places."""
    for name in location:
        if name in model.model_fields:
            model = next(_models_in(model.model_fields[str(name)].annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _keys(model: type[BaseModel]) -> list[str]:
    fields = model.model_fields.items()  # what is found, and not written, is not shown either
    return [info.alias or name for name, info in fields if info.repr and not info.exclude]


def _wanted(kind: str, context: Mapping[str, Any], message: str) -> str:
    bounds = {
        "greater_than": ("gt", ">"),
        "greater_than_equal": ("ge", "≥"),
        "less_than": ("lt", "<"),
        "less_than_equal": ("le", "≤"),
    }
    types = {
        "float_type": "wants a number",
        "int_type": "wants a whole number",
        "int_from_float": "wants a whole number",
        "bool_type": "wants true or false",
        "string_type": "wants text",
        "tuple_type": "wants a list",
        "list_type": "wants a list",
        "dict_type": "wants a mapping",
        "mapping_type": "wants a mapping",
        "model_type": "wants a mapping",
        "model_attributes_type": "wants a mapping",
        "finite_number": "wants a finite number",
        "too_short": "wants at least one entry",
    }
    if kind in bounds:
        key, sign = bounds[kind]
        return f"wants a number {sign} {context[key]}"
    if kind == "literal_error":
        return f"wants one of {context['expected']}"
    return types.get(kind, message)


def show(value: object) -> str:
    """Show a value as it would stand in YAML, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}" (text)' if isinstance(value, str) else text
