"""A technique: a name and its parameters, typed and frozen.

``study`` knows what a technique *is*; which ones exist is the business of
``ablations.techniques.catalog``, which is handed to the loader as a value.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, SerializeAsAny, ValidationInfo, create_model
from pydantic_core.core_schema import CoreSchema, with_info_before_validator_function

from ablations.errors import suggest
from ablations.study.frozen import Frozen, problem, show

if TYPE_CHECKING:
    import tensorflow as tf

T = TypeVar("T")


@dataclass(frozen=True)
class Role:
    """What a field is to the compiled program; see ``ablations.study.structure``."""

    name: str


LIVE = Role("live")
HOST_ONLY = Role("host only")
Live = Annotated[T, LIVE]
"""A number that a compiled program reads from a variable: recipes that differ in its value share a
program.  Null and zero are part of the structure, as they may switch a part of the graph off."""
HostOnly = Annotated[T, HOST_ONLY]
"""A setting that never reaches a compiled program, for instance how the weights start."""

LiveValues: TypeAlias = "Mapping[str, float | tf.Variable]"
"""Dotted path of a live field, below the technique that receives it → its value or variable."""


class Technique(Frozen):
    """One technique.  A subclass fixes ``name`` and declares its parameters, with defaults."""

    family: ClassVar[str] = ""
    """The title of the family; each contract in ``families`` has its own."""

    name: str

    def __str__(self) -> str:
        return self.name

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Refuse a role that is hidden inside a union, where nothing would read it."""
        for name, info in cls.model_fields.items():
            if _holds_role(info.annotation):
                raise TypeError(f"{cls.__name__}.{name}: wants the role outermost: Live[… | None]")

    def options(self) -> dict[str, Any]:
        """Return the parameters by name, as they are."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "name"}

    def values(self, live: LiveValues) -> dict[str, Any]:
        """Return the parameters by name, with ``live`` in place of their values."""
        return {**self.options(), **live}


def _holds_role(annotation: Any) -> bool:
    return any(isinstance(part, Role) or _holds_role(part) for part in get_args(annotation))


def below(live: LiveValues, field_name: str) -> LiveValues:
    """Return the live values of the technique in the field called ``field_name``."""
    start = f"{field_name}."
    return {p.removeprefix(start): value for p, value in live.items() if p.startswith(start)}


@cache
def recorded(contract: type[Technique]) -> type[Technique]:
    """Return the class of techniques that are read back without the catalogue.

    Such a technique holds the settings that a finished run recorded: it can be compared, hashed
    and shown, never built.
    """
    return create_model(
        f"Recorded{contract.__name__}",
        __base__=contract,
        __module__=__name__,
        __cls_kwargs__={"extra": "allow"},
    )


@dataclass(frozen=True)
class Family:
    """The techniques of one kind, for instance all activations."""

    contract: type[Technique]
    """The class in ``ablations.study.families`` that says what each of them promises."""
    techniques: tuple[type[Technique], ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    """The technique that is meant where a mapping has no name."""
    number: str | None = None
    """The parameter of the default that a bare number stands for."""

    def __post_init__(self) -> None:
        names = [_name(technique) for technique in self.techniques] + list(self.aliases)
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{self.title}: declared twice: {', '.join(sorted(repeated))}")

    @property
    def title(self) -> str:
        """What the family is called."""
        return self.contract.family

    @cached_property
    def _by_name(self) -> Mapping[str, type[Technique]]:
        return {_name(technique): technique for technique in self.techniques}

    @property
    def names(self) -> tuple[str, ...]:
        """All names a user may write, aliases among them."""
        return (*self._by_name, *self.aliases)

    def find(self, name: str) -> type[Technique] | None:
        """Return the technique called ``name``, or None."""
        form = form_of(self.canonical(name), self._by_name)
        return None if form is None else self._by_name[form]

    def canonical(self, name: str) -> str:
        """Return the name that is recorded for ``name``."""
        return self.aliases.get(name, name)

    def resolve(self, value: Any, info: ValidationInfo) -> Technique:
        """Return the technique that a study means by a name, a mapping or a bare number."""
        if self.number and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = {self.number: value}
        settings = _settings(value)
        name = settings.get("name", self.default)
        if name is None:
            raise problem(f"wants a name; Known: {', '.join(sorted(self.names))}")
        technique = self.find(name) if isinstance(name, str) else None
        if technique is None:
            raise problem(f'unknown {self.title} "{name}"; {suggest(name, self.names)}')
        canonical = {**settings, "name": self.canonical(name)}
        return technique.model_validate(canonical, context=info.context)


def form_of(name: str, known: Collection[str]) -> str | None:
    """Return which of the ``known`` names is meant by ``name``, or None.

    A known name with a colon is a form: ``npz:PATH`` is meant by ``npz:`` and any path.
    """
    kind, colon, rest = name.partition(":")
    forms = {k.partition(":")[0]: k for k in known if ":" in k} if colon and rest else {}
    return name if name in known else forms.get(kind)


def _name(technique: type[Technique]) -> str:
    return str(technique.model_fields["name"].default)


def _settings(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, Mapping):
        raise problem(f"wants a name or a mapping with a name, got {show(value)}")
    return value


@dataclass(frozen=True)
class Catalog:
    """What a study may name."""

    families: Mapping[str, Family]
    data_sets: tuple[str, ...]


class _FromFamily:
    """Resolves what a study names against the family whose contract the field holds."""

    def __get_pydantic_core_schema__(
        self, contract: type[Technique], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def resolve(value: Any, info: ValidationInfo) -> Any:
            if isinstance(value, contract) or value is None:
                return value
            if not info.context:
                return recorded(contract).model_validate(_settings(value))
            family: Family = info.context["catalog"].families[contract.family]
            return family.resolve(value, info)

        return with_info_before_validator_function(resolve, handler(contract))


Chosen = Annotated[T, _FromFamily(), SerializeAsAny()]
"""A field that holds a technique of the family whose contract is given: ``Chosen[Optimizer]``."""
