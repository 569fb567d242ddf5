"""Recipes of what this package does not train itself: free settings, and what they are given to.

A function or a program of the user's trains (``python:my_module.train``, or a command), or trained
already, where results were imported.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,
)

from ablations.errors import UserCodeError, suggest
from ablations.files import digest_of
from ablations.named_files import files_behind_words, files_in_words
from ablations.own_files import DIGITS, is_file
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


class FreeRecipe(BaseRecipe):
    """The settings of a run that something else trained before its result was imported."""

    kind: ClassVar[str] = "imported"

    settings: Mapping[str, Any] = {}


def _function(value: str, info: ValidationInfo) -> str:
    try:
        function = UserFunction.named(value)
        if info.context:
            function.digest()
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
    """Hash of the user's package or module, and of what that imports; found, not written."""
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

    def code_files(self) -> list[Path]:
        """Return the files of the function."""
        return UserFunction.named(self.trainer).files()

    @property
    def free_values(self) -> Any:
        """The settings."""
        return self.settings


def code_of(function: str) -> str:
    """Return the hash of the code of ``python:my_module.train``.

    Raises:
        UserCodeError: there is no such module.
    """
    return UserFunction.named(function).digest()[:DIGITS]


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
    cwd: Literal["{directory}"] | None = None
    """``{directory}`` starts it in the run's own directory; null in the working directory."""


class CommandRecipe(BaseRecipe):
    """The settings that a program trains with."""

    kind: ClassVar[str] = "command"
    found: ClassVar[tuple[str, ...]] = ("code_hash",)
    tunable: ClassVar[tuple[str, ...]] = ("settings",)
    brings_metrics: ClassVar[bool] = True

    trainer: Annotated[Command, Field(repr=False)]
    code_hash: Annotated[str, Field(repr=False)] = ""
    """Hash of the files that its words name, and of those behind these; found, not written."""
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
        if not info.context or not isinstance(value, Mapping) or "code_hash" in value:
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
        """Return the command with its settings, the seed and the directory put in.

        One that is started in the run's own directory gets the absolute paths of what its words
        name from the working directory on.
        """
        own = {SEED: str(seed), DIRECTORY: str(directory)}
        values = {**_texts(self.settings), **own}
        words = [_filled(word, values) for word in self.trainer.command]
        if self.trainer.cwd is None:
            return words
        program, *others = words  # a name without a slash is sought on the path
        first = _from_anywhere(program) if "/" in program else program
        return [first, *map(_from_anywhere, others)]

    def code_files(self) -> list[Path]:
        """Return the files that the words name, and those behind these."""
        return _files_of(self.trainer.command, self.settings)

    @property
    def free_values(self) -> Any:
        """The settings."""
        return self.settings


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
    """Return the hash of the files that a command is made of; empty where its words name none."""
    files = _files_of(words, settings)
    return digest_of(files)[:DIGITS] if files else ""


def _files_of(words: Sequence[str], settings: Mapping[str, Any]) -> list[Path]:
    filled, directory = [_filled(word, _texts(settings)) for word in words], code_directory() or ""
    return [*files_in_words(filled, directory), *files_behind_words(filled, directory)]


def _from_anywhere(word: str) -> str:
    """Return a word with an absolute path in place of one that is there, also behind ``=``.

    A directory counts where the word says that it is a path, by a slash.
    """
    name, equals, value = word.rpartition("=")
    directory = code_directory() or ""
    for before, path in (("", word), (f"{name}{equals}", value)):
        if is_file(path, directory) or ("/" in path and Path(directory, path).is_dir()):
            return f"{before}{os.path.abspath(Path(directory, path))}"
    return word
