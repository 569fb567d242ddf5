"""What can be ablated: the catalogue's families, the data sets, and the recipe's own settings.

Everything is read from ``FAMILIES``, ``DATA_SETS`` and the fields of ``Recipe``, so that what is
added there appears here by itself.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ablations.commands.parameters import Parameter, family_of, parameters, section_of
from ablations.data.catalog import DATA_SETS
from ablations.data.source import DataSource
from ablations.study.keras_recipe import FitRecipe, KerasData, KerasRecipe
from ablations.study.recipe import Recipe
from ablations.study.technique import Family, Technique
from ablations.study.yaml_writer import to_yaml_line
from ablations.techniques.catalog import FAMILIES

DATA_SET = "data set"
DATA_SET_PLACE = "data.name"


@dataclass(frozen=True)
class Entry:
    """A technique or a data set."""

    name: str
    aliases: tuple[str, ...]
    documentation: str
    """Paragraphs, the first of which says what it is, by formula where there is one."""
    background: str
    """What it shares with others of its kind: what they are, symbols, conventions; may be empty."""
    parameters: tuple[Parameter, ...]
    changes: Mapping[str, Any]
    """Dotted paths of the recipe → values that name the entry with its parameters."""

    @property
    def first_line(self) -> str:
        """What it is, in a line."""
        return self.documentation.partition("\n")[0]

    @property
    def arm(self) -> str:
        """A line that can stand below ``arms:`` in a study."""
        return f"{self.name.partition(':')[0]}: {to_yaml_line(dict(self.changes))}"


@dataclass(frozen=True)
class Group:
    """The entries that can stand in the same places of a study."""

    title: str
    places: tuple[str, ...]
    """Dotted paths of the recipe, the usual one first."""
    background: str
    """What is common to all entries."""
    entries: tuple[Entry, ...]

    @property
    def names(self) -> set[str]:
        """What a user may call the group by: title, places, and the places' last words."""
        return {self.title, *self.places, *(place.rpartition(".")[2] for place in self.places)}


@dataclass(frozen=True)
class Setting:
    """One dotted path of the recipe."""

    path: str
    of: str
    """The technique whose parameter it is; empty for a setting of a section."""
    parameter: Parameter


def groups() -> list[Group]:
    """Return the data sets, then every family of techniques."""
    data_sets = tuple(_data_set(source) for source in DATA_SETS.values())
    catalogue = [Group(DATA_SET, (DATA_SET_PLACE,), "", data_sets)]
    found = list(dict.fromkeys(_family_places(Recipe, "", ())))
    for title, family in FAMILIES.items():
        places = tuple(path for path, held in found if held == title)
        entries = tuple(_technique(family, technique, places) for technique in family.techniques)
        catalogue.append(Group(title, places, _background(family, family.contract), entries))
    return catalogue


def settings(catalogue: Sequence[Group]) -> list[Setting]:
    """Return all dotted paths that a study may set: those of sections, then of techniques."""
    own = list(_section_settings(Recipe, ""))
    return [
        *own,
        *_of_fit({setting.path for setting in own}),
        *(
            Setting(f"{place}.{parameter.name}", entry.name, parameter)
            for group in catalogue
            for place in group.places[:1]
            for entry in group.entries
            for parameter in entry.parameters
        ),
    ]


def _of_fit(known: Collection[str]) -> Iterator[Setting]:
    """Yield what ``trainer: keras`` has in its sections beside the ``known`` settings."""
    for section, model in (("data", KerasData), ("training", FitRecipe)):
        for parameter in parameters(model):
            path = f"{section}.{parameter.name}"
            if path not in (*known, *KerasRecipe.found):
                yield Setting(path, "trainer: keras", parameter)


def _family_places(
    model: type[BaseModel], prefix: str, inside: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Yield dotted path and family's title for each field that holds techniques.

    ``inside`` names the families above, none of which is entered again.
    """
    for name, info in model.model_fields.items():
        title, section = family_of(info), section_of(info)
        if section is not None:
            yield from _family_places(section, f"{prefix}{name}.", inside)
        elif title is not None and title not in inside:
            yield f"{prefix}{name}", title
            for technique in FAMILIES[title].techniques:
                yield from _family_places(technique, f"{prefix}{name}.", (*inside, title))


def _section_settings(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for parameter, info in zip(parameters(model), model.model_fields.values(), strict=True):
        section, path = section_of(info), f"{prefix}{parameter.name}"
        if not info.repr:  # found, and not written
            continue
        if section is None:
            yield Setting(path, "", parameter)
        else:
            yield from _section_settings(section, f"{path}.")


def _technique(family: Family, technique: type[Technique], places: tuple[str, ...]) -> Entry:
    name = str(technique.model_fields["name"].default)
    declared = tuple(parameters(technique))
    examples = {p.name: p.example for p in declared if p.example is not None}
    return Entry(
        name=name,
        aliases=tuple(alias for alias, meant in family.aliases.items() if meant == name),
        documentation=inspect.cleandoc(technique.__doc__ or ""),
        background=_background(family, technique),
        parameters=declared,
        changes=_changes(places[0], {"name": name, **examples}) if places else {},
    )


def _changes(place: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an arm changes to set a place; a whole section is set key by key."""
    if "." in place:
        return {place: value}
    return {f"{place}.{key}": each for key, each in value.items()}


def _background(family: Family, technique: type[Technique]) -> str:
    """Return the docstrings of a technique's contracts, and of the file that declares most others.

    A contract says what all of a family are; the file, which symbols and conventions they share.
    """
    contracts = (c for c in technique.__mro__ if c.__module__ == family.contract.__module__)
    files = Counter(each.__module__ for each in family.techniques)
    file, declared = files.most_common(1)[0]
    shared = [sys.modules[file]] if 2 * declared > len(family.techniques) else []
    return "\n\n".join(inspect.cleandoc(each.__doc__ or "") for each in (*contracts, *shared))


def _plural(count: int, noun: str) -> str:
    ending = "es" if noun.endswith("s") else "s"
    return f"{count} {noun}{'' if count == 1 else ending}"


def _data_set(source: DataSource) -> Entry:
    facts, documentation = source.facts, source.description
    if facts is not None:
        shape = " × ".join(map(str, facts.input_shape))
        outputs = _plural(facts.outputs, source.task.output)
        documentation += (
            f"\n\nInputs {shape}, {outputs}, {facts.train_examples:,} examples to "
            f"train and validate on, {facts.test_examples:,} to test."
        )
    return Entry(source.name, (), documentation, "", (), {DATA_SET_PLACE: source.name})
