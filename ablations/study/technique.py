"""A technique: a name and its parameters, typed and frozen.

``study`` knows what a technique *is*; which ones exist is the business of
``ablations.techniques.catalog``, which is handed to the loader as a value.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic import Field as _Field
from pydantic_core import InitErrorDetails, PydanticCustomError

from ablations.errors import suggest

PROBLEM = "ablations"  # the type of an error whose message is already in the house's words

Positive = Annotated[float, _Field(gt=0)]
NonNegative = Annotated[float, _Field(ge=0)]
Share = Annotated[float, _Field(ge=0, lt=1)]  # decay rates, momenta, dropout: [0, 1)
Count = Annotated[int, _Field(ge=1)]


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

    @model_validator(mode="wrap")
    @classmethod
    def _speak_plainly(
        cls, data: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        try:
            return handler(data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, [_in_house_words(detail, cls) for detail in error.errors()]
            ) from None


def problem(message: str) -> PydanticCustomError:
    """Return an error for a validator to raise; ``message`` reaches the user unchanged."""
    return PydanticCustomError(PROBLEM, "{message}", {"message": message})


def _in_house_words(detail: Any, model: type[BaseModel]) -> InitErrorDetails:
    kind, got, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == PROBLEM:
        message = detail["msg"]
    elif kind == "extra_forbidden" and len(detail["loc"]) == 1:
        key = detail["loc"][0]
        message = f'unknown key "{key}"; {suggest(key, _keys(model))}'
    elif kind == "missing":
        message = "is missing and has no default"
    else:
        message = f"{_wanted(kind, context, detail['msg'])}, got {show(got)}"
    return InitErrorDetails(type=problem(message), loc=detail["loc"], input=got)


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items() if not info.exclude]


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


class Technique(Frozen):
    """One technique.  A subclass fixes ``name`` and declares its parameters, with defaults."""

    live: ClassVar[tuple[str, ...]] = ()
    """The parameters whose value a compiled program reads from a variable: see ``numbers``."""

    name: str

    def __str__(self) -> str:
        return self.name

    def options(self) -> dict[str, Any]:
        """Return the parameters by name, as they are."""
        return {field: getattr(self, field) for field in type(self).model_fields if field != "name"}

    def numbers(self) -> dict[str, float]:
        """Return the live parameters: techniques that differ in nothing else share a program.

        Null and zero are not among them: they may switch a part of the graph off.
        """
        return {field: getattr(self, field) for field in self.live if getattr(self, field)}


class RecordedTechnique(Technique):
    """A technique as a finished run recorded it: read back without the catalogue, never built."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class Family:
    """The techniques of one kind, for instance all activations."""

    title: str
    techniques: tuple[type[Technique], ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [_name(technique) for technique in self.techniques] + list(self.aliases)
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{self.title}: declared twice: {', '.join(sorted(repeated))}")

    @property
    def names(self) -> tuple[str, ...]:
        """All names a user may write, aliases among them."""
        return tuple(_name(technique) for technique in self.techniques) + tuple(self.aliases)

    def find(self, name: str) -> type[Technique] | None:
        """Return the technique called ``name``, or None."""
        pattern = form_of(self.canonical(name), [_name(t) for t in self.techniques])
        return next((t for t in self.techniques if _name(t) == pattern), None)

    def canonical(self, name: str) -> str:
        """Return the name that is recorded for ``name``."""
        return self.aliases.get(name, name)


def form_of(name: str, known: Collection[str]) -> str | None:
    """Return which of the ``known`` names is meant by ``name``, or None.

    A known name with a colon is a form: ``npz:PATH`` is meant by ``npz:`` and any path.
    """
    kind, colon, rest = name.partition(":")
    forms = {k.partition(":")[0]: k for k in known if ":" in k} if colon and rest else {}
    return name if name in known else forms.get(kind)


def _name(technique: type[Technique]) -> str:
    return str(technique.model_fields["name"].default)


@dataclass(frozen=True)
class Catalog:
    """What a study may name."""

    families: Mapping[str, Family]
    data_sets: tuple[str, ...]


def from_family(title: str, default: str | None = None) -> Any:
    """Return the type of a field that holds a technique of the family called ``title``."""

    def resolve(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Technique) or value is None:
            return value
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, Mapping):
            raise problem(f"wants a name or a mapping with a name, got {show(value)}")
        if not info.context:
            return RecordedTechnique.model_validate(value)
        family: Family = info.context["catalog"].families[title]
        name = value.get("name", default)
        if name is None:
            raise problem(f"wants a name; Known: {', '.join(sorted(family.names))}")
        technique = family.find(name) if isinstance(name, str) else None
        if technique is None:
            raise problem(f'unknown {title} "{name}"; {suggest(name, family.names)}')
        canonical = {**value, "name": family.canonical(name)}
        return technique.model_validate(canonical, context=info.context)

    return Annotated[SerializeAsAny[Technique], BeforeValidator(resolve)]
