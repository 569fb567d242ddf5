"""The fields of a technique or of a section of the recipe, in the words of who writes a study."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ablations.study.budgets import MOST
from ablations.study.settings import short
from ablations.study.technique import Technique

REQUIRED = "required"
_IN_WORDS = {
    float: "number",
    int: "whole number",
    bool: "true or false",
    str: "text",
    NoneType: "null",
    Any: "anything",
}
_NOUNS = ("whole number", "number", "text", "mapping")
_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "min_length": "with a length ≥"}


@dataclass(frozen=True)
class Parameter:
    """One field."""

    name: str
    wants: str
    """Type and bounds, for instance ``number ≥ 0 and < 1``."""
    default: str
    meaning: str
    """The docstring under the field; empty where there is none."""
    example: Any
    """A value as it would stand in a study; None where the field is best left out."""


def parameters(model: type[BaseModel]) -> list[Parameter]:
    """Return the fields of a technique, without its name, or of a section of the recipe."""
    return [
        Parameter(name, _wanted(info), _default(info), _meaning(model, name, info), _example(info))
        for name, info in model.model_fields.items()
        if not (name == "name" and issubclass(model, Technique))
    ]


def family_of(info: FieldInfo) -> str | None:
    """Return the title of the family whose techniques a field holds, or None."""
    titles = (_family_title(part) for part in _parts((info.annotation, *info.metadata)))
    return next((title for title in titles if title), None)


def section_of(info: FieldInfo) -> type[BaseModel] | None:
    """Return the section of settings that a field holds, or None."""
    if family_of(info):
        return None
    held = info.annotation
    parts = get_args(held) if get_origin(held) in (Union, UnionType) else (held,)
    sections = [part for part in parts if part is not NoneType]
    only = sections[0] if len(sections) == 1 else None  # a number could stand beside another
    return only if isinstance(only, type) and issubclass(only, BaseModel) else None


def _family_title(part: object) -> str | None:
    """Return the title of the family that one part of an annotation names."""
    return part.family if isinstance(part, type) and issubclass(part, Technique) else None


def _parts(annotations: tuple[Any, ...]) -> Iterator[Any]:
    """Yield types and metadata at every depth."""
    for annotation in annotations:
        yield annotation
        if get_origin(annotation) is not Literal:
            yield from _parts(get_args(annotation))


# Types and bounds


def _wanted(info: FieldInfo) -> str:
    if title := family_of(info):
        null = " or null" if NoneType in get_args(info.annotation) else ""
        return f"{title} by name{null}"
    return _type_in_words(info.annotation, info.metadata)


def _type_in_words(annotation: Any, metadata: Sequence[Any]) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_in_words(inner[0], [*inner[1:], *metadata])
    if origin in (Union, UnionType):
        return " or ".join(_type_in_words(each, ()) for each in inner)
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin is tuple:
        words = f"list of {_plural(_type_in_words(inner[0], ()))}"
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        words = f"mapping of {', '.join(annotation.model_fields)}"
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        words = "mapping"
    else:
        words = _IN_WORDS.get(annotation, str(annotation))
    bounds = _bounds_in_words(metadata)
    return f"{words} {bounds}" if bounds else words


def _plural(words: str) -> str:
    noun = next((noun for noun in _NOUNS if words.startswith(noun)), "")
    return f"{noun}s{words.removeprefix(noun)}" if noun else words


def _bounds_in_words(metadata: Sequence[Any]) -> str:
    """Return bounds such as ``≥ 0 and < 1``; empty where there are none."""
    declared = [one for each in metadata for one in (*getattr(each, "metadata", ()), each)]
    bounds = [
        f"{sign} {short(getattr(each, attribute))}"
        for each in declared
        for attribute, sign in _SIGNS.items()
        if getattr(each, attribute, None) not in (None, MOST)  # which no one comes near
    ]
    return " and ".join(bounds)


# Values


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return REQUIRED
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, float):
        return f"{value:g}"
    return short(str(value) if isinstance(value, Technique) else value)


def _example(info: FieldInfo) -> Any:
    if info.examples:
        return info.examples[0]
    if info.is_required():
        return _simplest(info.annotation)
    value = info.default
    if isinstance(value, Technique):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return None if value in ("", PydanticUndefined) else value


def _simplest(annotation: Any) -> Any:
    """Return some value of a type, for a field that gives neither default nor examples."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _simplest(inner[0])
    if origin in (Union, UnionType):
        return _simplest(inner[0])
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return [_simplest(inner[0])]
    return {float: 1.0, int: 1, bool: True}.get(annotation, "text")


# Docstrings


def _meaning(model: type[BaseModel], field: str, info: FieldInfo) -> str:
    """Return the docstring under a field, of the class that declared it last.

    Without one, a type that several fields share describes them all.
    """
    for declaring in model.__mro__[: model.__mro__.index(BaseModel)]:
        documented = _field_docstrings(declaring.__module__).get(declaring.__name__, {})
        if field in documented:
            return documented[field]
    return info.description or ""


@cache
def _field_docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return class → field → docstring, read from a module's source.

    Pydantic can collect them (``use_attribute_docstrings``), but does so for every class as it is
    made, which every command would wait for.
    """
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_docstrings_in(node)) for node in classes}


def _docstrings_in(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(ast.Constant(str(text))):
                    yield field.target.id, " ".join(text.split())
