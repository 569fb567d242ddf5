"""Recipes of what this package does not train itself: free settings, and what they are given to.

A function or a program of the user's trains (``python:my_module.train``, or a command), or trained
already, where results were imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,
)

from ablations.errors import UserCodeError, suggest
from ablations.files import digest_of
from ablations.study.frozen import Frozen, misplaced, problem, show
from ablations.study.recipe import BaseRecipe
from ablations.study.settings import flatten
from ablations.user_code import UserFunction, code_directory

SEED, DIRECTORY = "seed", "directory"
"""What every command names beside its settings."""
_WITHOUT = {
    SEED: "every seed would be the same run",
    DIRECTORY: "it could not leave its final.json",
}
"""What comes of a command that does not name it."""
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
_DIGITS_OF_CODE = 16  # enough to tell versions apart, short in a plan


class FreeRecipe(BaseRecipe):
    """The settings of a run that something else trained before its result was imported."""

    kind: ClassVar[str] = "imported"

    settings: Mapping[str, Any] = {}


def _function(value: str, info: ValidationInfo) -> str:
    try:
        function = UserFunction.named(value)
        if info.context:
            function.files()
    except UserCodeError as error:
        raise problem(f"{value}: {error}") from None
    return value


class FunctionRecipe(BaseRecipe):
    """The settings that a function of the user's trains with."""

    kind: ClassVar[str] = "function"
    found: ClassVar[tuple[str, ...]] = ("code_hash",)
    tunable: ClassVar[tuple[str, ...]] = ("settings",)
    brings_metrics: ClassVar[bool] = True

    trainer: Annotated[str, AfterValidator(_function), Field(repr=False)]
    """``python:my_module.train``, called with a ``Run``."""
    code_hash: Annotated[str, Field(repr=False)] = ""
    """Hash of the user's package, or of the one module; found, not written."""
    settings: Mapping[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _with_its_code(cls, value: Any, info: ValidationInfo) -> Any:
        """Add the hash, unless the recipe is read back with the one that it was made with."""
        if not info.context or not isinstance(value, Mapping) or value.get("code_hash"):
            return value
        try:
            return {**value, "code_hash": code_of(str(value["trainer"]))}
        except (UserCodeError, KeyError):
            return value  # the field's own validator says why


def code_of(function: str) -> str:
    """Return the hash of the code of ``python:my_module.train``.

    Raises:
        UserCodeError: there is no such module.
    """
    return UserFunction.named(function).digest()[:_DIGITS_OF_CODE]


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and value:
        plain = all(isinstance(word, (str, int, float)) for word in value)
        if plain and str(value[0]).strip():
            return tuple(word if isinstance(word, str) else show(word) for word in value)
    raise problem(
        f'wants a list of words, such as [python, train.py, "{{seed}}", "{{directory}}"], got '
        f"{show(value)}"
    )


class Command(Frozen):
    """A program: a list of words, which no shell reads."""

    command: Annotated[tuple[str, ...], BeforeValidator(_words)]
    """``{learning_rate}`` stands for a setting, ``{seed}`` and ``{directory}`` for the run's own;
    ``{{`` and ``}}`` for braces."""


class CommandRecipe(BaseRecipe):
    """The settings that a program trains with."""

    kind: ClassVar[str] = "command"
    found: ClassVar[tuple[str, ...]] = ("code_hash",)
    tunable: ClassVar[tuple[str, ...]] = ("settings",)
    brings_metrics: ClassVar[bool] = True

    trainer: Annotated[Command, Field(repr=False)]
    code_hash: Annotated[str, Field(repr=False)] = ""
    """Hash of the files that its words name; found, not written."""
    settings: Mapping[str, Any] = {}

    @model_validator(mode="after")
    def _names_what_there_is(self, info: ValidationInfo) -> CommandRecipe:
        taken = sorted({SEED, DIRECTORY} & flatten(self.settings).keys())
        if taken:
            message = f"every command has a {{{taken[0]}}} of its own; wants another name"
            raise misplaced(message, "settings", taken[0])
        known = [SEED, DIRECTORY, *flatten(self.settings)]
        for place, word in enumerate(self.trainer.command):
            for name in placeholders(word):
                if name not in known:
                    message = f"unknown placeholder {{{name}}}; {suggest(name, known)}"
                    raise misplaced(message, "trainer", "command", place)
        lacking = [name for name in _WITHOUT if name not in self._named] if info.context else []
        if lacking:  # a study that was kept before this was asked is still read
            why = (f"no word of the command holds {{{n}}}, so {_WITHOUT[n]}" for n in lacking)
            raise misplaced("; ".join(why), "trainer", "command")
        return self

    @model_validator(mode="before")
    @classmethod
    def _with_its_code(cls, value: Any, info: ValidationInfo) -> Any:
        """Add the hash, unless the recipe is read back with the one that it was made with."""
        if not info.context or not isinstance(value, Mapping) or value.get("code_hash"):
            return value
        try:
            words = _words(value["trainer"]["command"])
            return {**value, "code_hash": code_of_words(words, value.get("settings") or {})}
        except (TypeError, ValueError, KeyError, AttributeError):
            return value  # the fields' own validators say why

    def reads(self, path: str) -> bool:
        """Return whether a word of the command holds the setting, or one below it."""
        if path == "code":
            return True
        own = path.removeprefix("settings.")
        return any(f"{name}.".startswith(f"{own}.") for name in self._named)

    @property
    def _named(self) -> set[str]:
        """All that its words hold in braces."""
        return {name for word in self.trainer.command for name in placeholders(word)}

    def words(self, seed: int, directory: Path) -> list[str]:
        """Return the command with its settings, the seed and the directory put in."""
        own = {SEED: str(seed), DIRECTORY: str(directory)}
        values = {**_texts(self.settings), **own}
        return [_filled(word, values) for word in self.trainer.command]


def placeholders(word: str) -> list[str]:
    """Return the names in braces."""
    return [found[1] for found in _PLACEHOLDER.finditer(word) if found[1]]


def _filled(word: str, values: Mapping[str, str]) -> str:
    def fill(found: re.Match[str]) -> str:
        return values.get(found[1], found[0]) if found[1] else found[0][0]

    return _PLACEHOLDER.sub(fill, word)


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return dotted path → what stands in a word: text as it is, all else as JSON."""
    flat = flatten(settings)
    return {path: v if isinstance(v, str) else json.dumps(v) for path, v in flat.items()}


def code_of_words(words: Sequence[str], settings: Mapping[str, Any]) -> str:
    """Return the hash of the files that the words of a command name; empty without any."""
    filled = [_filled(word, _texts(settings)) for word in words]
    files = [path for word in filled if (path := _file(word)) is not None]
    return digest_of(files)[:_DIGITS_OF_CODE] if files else ""


def _file(word: str) -> Path | None:
    try:
        path = Path(code_directory() or "", word)
        return path if path.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None
