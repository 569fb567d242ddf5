"""Check the recipes of a study file; what is wrong with one is placed where the file says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from ablations.errors import AblationsError, Problem, StudyError, suggest
from ablations.named_files import files_matching, files_named
from ablations.study.base_recipe import FILES
from ablations.study.misread import FREE, at_place, free_settings, leaves, misread
from ablations.study.over import Spanned, meets
from ablations.study.recipes import COMPILED, AnyRecipe, recipe_type, with_trainer
from ablations.study.settings import flatten
from ablations.study.study_file import COPY, StudyFile
from ablations.study.technique import Catalog
from ablations.study.yaml_reader import Document
from ablations.study.yaml_reader import Path as DataPath

Place = Callable[[DataPath], DataPath]
EXAMPLES = {
    COMPILED: "model.activation",
    "keras": "model.width",
    "function": "settings.rate",
    "command": "settings.rate",
}
"""Kind of recipe → a dotted path, for a message."""


class Checker:
    """Collects what is wrong with a study file, or with one part of its study."""

    def __init__(
        self,
        document: Document,
        catalog: Catalog,
        overrides: Mapping[str, Any],
        part: Spanned | None,
    ) -> None:
        self.document = document
        self.context: dict[str, Any] = {"catalog": catalog, FILES: ()}
        self.overrides = overrides
        self.part = part
        self.problems: list[Problem] = []
        self.base: Mapping[str, Any] | None = None
        """The base with what --set and the part change, once it is known."""
        self.keys: Mapping[str, Any] = {}
        """In an arm of a design: factor → the key of its level, or the place in a list."""
        data = document.data if isinstance(document.data, dict) else {}
        self.trainer = data.get("trainer", COMPILED)
        try:
            self.recipe_type = recipe_type(self.trainer)
        except ValueError as error:
            self.add(("trainer",), str(error))
            self.stop()

    def recipe(
        self, settings: dict[str, Any], at: DataPath, changes: Mapping[str, Any]
    ) -> AnyRecipe | None:
        """Validate one recipe; a problem is placed where the arm, or else the base, says it."""

        def level(path: str) -> DataPath:
            return (self.keys[path],) if path in self.keys else ()

        def place(location: DataPath) -> DataPath:
            if location[:1] == ("trainer",):
                return location
            dotted = [str(part) for part in location]
            for length in range(len(dotted), 0, -1):
                prefix = ".".join(dotted[:length])
                if prefix in changes:
                    return (*at, prefix, *level(prefix), *location[length:])
            declared = [path for path in changes if path.startswith(".".join(dotted) + ".")]
            if declared:
                return (*at, declared[0], *level(declared[0]))
            for own in self.part.changes if self.part else ():
                if meets(".".join(dotted), own):
                    return self.part.place if self.part else ()
            return ("base", *location)

        written = {key: value for key, value in settings.items() if key not in self._not_written}
        for key in sorted(settings.keys() - written.keys()):
            message = f'unknown key "{key}"; {suggest(key, self.sections)}'
            self.add(("base", key), message, at_key=True)
        try:
            whole = with_trainer(self.trainer, written)
            recipe = self.recipe_type.model_validate(whole, context=self.context)
        except ValidationError as error:
            self.collect(error, place)
            return None
        self._check_texts(recipe, place)
        return recipe

    def _check_texts(self, recipe: AnyRecipe, place: Place) -> None:
        """Refuse free settings of the base, a part or an arm that are text by mistake."""
        base = self.base if self.base is not None else self.document.data.get("base")
        for location, value in free_settings(recipe):
            dotted, at = ".".join(map(str, location)), place(location)
            changed_by = [p for p in self.overrides if f"{dotted}.".startswith(f"{p}.")]
            of_base = at[:1] == ("base",) and not changed_by
            if of_base and self.base is not None:
                continue  # it was checked with the base
            there = None if of_base else at_place(base, location)
            if not (message := misread(value, there, at in self.document.plain)):
                continue
            if changed_by and at[:1] == ("base",):
                raise AblationsError(f"--set {dotted}: {message}")
            self.add(at, message)

    def check_tried(self, settings: Mapping[str, Any], base: Mapping[str, Any]) -> None:
        """Refuse values of a search that are text by mistake."""
        for path, space in settings.items():
            for place, value in leaves(space if isinstance(space, tuple) else ()):
                at = ("tune", "settings", path, *place)
                there = at_place(base, (*path.split("."), *place[1:]))
                if message := misread(value, there, at in self.document.plain):
                    self.add(at, message)

    @property
    def _not_written(self) -> tuple[str, ...]:
        return ("trainer", "files_hash", *self.recipe_type.found)

    @property
    def sections(self) -> list[str]:
        """What the base may hold."""
        return [name for name in self.recipe_type.model_fields if name not in self._not_written]

    def knows_settings(
        self, at: DataPath, changes: Mapping[str, Any], base: Mapping[str, Any]
    ) -> bool:
        """Whether the base has all free settings that an arm changes, and the command reads them.

        Nothing else tells a free setting from one that is misspelt.
        """
        if FREE not in self.sections:
            return True
        paths = [
            inner
            for path, value in changes.items()
            for inner in (flatten({path: value}) if path == FREE and value else [path])
        ]
        found = [(path, why) for path in paths if (why := self._unknown(path, base))]
        for path, why in found:
            self.add((*at, path), why, at_key=True)
        return not found

    def _unknown(self, path: str, base: Mapping[str, Any]) -> str:
        """Return why a free setting cannot be changed; empty where it can."""
        section, _, rest = path.partition(".")
        inside: Any = base.get(section)
        for key in rest.split(".") if section == FREE and isinstance(inside, Mapping) else ():
            if not isinstance(inside, Mapping) or key not in inside:
                known = inside if isinstance(inside, Mapping) else ()
                return f'the base has no setting "{key}"; {suggest(key, known)}'
            inside = inside[key]
        return ""

    def check_overrides(self, base: Mapping[str, Any]) -> None:
        """Refuse what ``--set`` cannot change.

        Raises:
            AblationsError: the base has no such path, or something else changes it.
        """
        for own in self.part.changes if self.part and FREE in self.sections else ():
            if self.part and (why := self._unknown(own, base)):
                self.add(self.part.place, why)
        tune = self.document.data.get("tune")
        settings = tune.get("settings") if isinstance(tune, dict) else None
        searched = settings if isinstance(settings, dict) else {}
        for path in self.overrides:
            section = path.split(".")[0]
            if path in searched:
                raise AblationsError(f"--set {path}: the study tunes it; wants another path")
            for own in self.part.changes if self.part else ():
                if meets(path, own):
                    raise AblationsError(f"--set {path}: over spans {own}; wants another path")
            if section not in self.sections or "." not in path:
                known = suggest(section, [f"{name}.…" for name in self.sections])
                raise AblationsError(f"--set {path}: wants a dotted path of the base; {known}")
            if FREE in self.sections and (why := self._unknown(path, base)):
                raise AblationsError(f"--set {path}: {why}")

    def check_spanned(self, raw: StudyFile) -> None:
        """Refuse that something else changes what differs from part to part."""
        if self.part is None:
            return
        places: list[tuple[DataPath, str]] = [(("factors", path), path) for path in raw.factors]
        places += [(("tune", "settings", p), p) for p in (raw.tune.settings if raw.tune else ())]
        for name, changes in raw.arms.items():
            places += [(("arms", name, p), p) for p in (changes if changes != COPY else ())]
        for own in self.part.changes:
            for place, path in places:
                if meets(path, own):
                    self.add(place, f"over spans {own}; wants another path", at_key=True)

    def check_tunable(
        self, raw: StudyFile, base: Mapping[str, Any], arms: Sequence[tuple[Any, ...]]
    ) -> None:
        """Refuse a search of settings that the base has not, or that no training would read."""
        if raw.tune is None:
            return
        at: DataPath = ("tune", "settings")
        own = {path: space for path, space in raw.tune.settings.items() if path.startswith(FREE)}
        if self.knows_settings(at, own, base):
            self.check_reach(at, own, arms[0][-1])

    def check_reach(self, at: DataPath, changes: Mapping[str, Any], recipe: AnyRecipe) -> None:
        """Refuse that an arm changes what cannot reach its training."""
        for path in changes:
            if not recipe.reads(path):
                name = path.removeprefix(f"{FREE}.")
                message = f"no word of the command holds {{{name}}}, so it would change nothing"
                self.add((*at, path), message, at_key=True)

    def files(self, raw: StudyFile) -> tuple[Path, ...]:
        """Return the files that every run is made of: those of ``files``, and what a search tries.

        Files and patterns count from the directory of the study file.
        """
        directory, found = Path(self.document.file).parent, list[Path]()
        for number, pattern in enumerate(raw.files):
            matched = files_matching(directory, pattern)
            if not matched:
                what = f"no such file, relative to {directory.absolute()}"
                if (directory / pattern).is_dir():
                    what = f"a directory; expected files, such as {pattern.rstrip('/')}/*"
                self.add(("files", number), f"{pattern}: {what}")
            found += matched
        tried = raw.tune.settings.values() if raw.tune else ()
        return (*found, *files_named(list(tried)))

    def collect(self, error: ValidationError, place: Place) -> None:
        """Add what pydantic found, each at the place of the file that ``place`` gives it."""
        for detail in error.errors():
            location = tuple(part for part in detail["loc"] if part != "[key]")
            unknown = detail["msg"].startswith("unknown key")
            dotted = ".".join(map(str, location))
            for path in self.overrides:
                if f"{dotted}.".startswith(f"{path}."):
                    raise AblationsError(f"--set {dotted}: {detail['msg']}")
            self.add(place(location), detail["msg"], at_key=unknown)

    def add(
        self, path: DataPath, message: str, at_key: bool = False, other: DataPath | None = None
    ) -> None:
        """Add a problem at a path of the file; ``other`` is the second place that it concerns."""
        if other is not None:
            place = self.document.problem(other, "", at_key).place
            message = f"{message} (the other: {place})"
        self.problems.append(self.document.problem(path, message, at_key))

    def stop(self) -> NoReturn:
        """Raise what was found."""
        raise StudyError(self.problems)
