"""Check the recipes of a study file; what is wrong with one is placed where the file says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from ablations.errors import AblationsError, Problem, StudyError
from ablations.study.over import Spanned, meets
from ablations.study.recipe import Recipe
from ablations.study.technique import Catalog
from ablations.study.yaml_reader import Document
from ablations.study.yaml_reader import Path as DataPath

Place = Callable[[DataPath], DataPath]


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
        self.context = {"catalog": catalog}
        self.overrides = overrides
        self.part = part
        self.problems: list[Problem] = []

    def recipe(
        self, settings: dict[str, Any], at: DataPath, changes: Mapping[str, Any]
    ) -> Recipe | None:
        """Validate one recipe; a problem is placed where the arm, or else the base, says it."""

        def place(location: DataPath) -> DataPath:
            dotted = [str(part) for part in location]
            for length in range(len(dotted), 0, -1):
                prefix = ".".join(dotted[:length])
                if prefix in changes:
                    return (*at, prefix, *location[length:])
            declared = [path for path in changes if path.startswith(".".join(dotted) + ".")]
            if declared:
                return (*at, declared[0])
            for own in self.part.changes if self.part else ():
                if meets(".".join(dotted), own):
                    return self.part.place if self.part else ()
            return ("base", *location)

        try:
            return Recipe.model_validate(settings, context=self.context)
        except ValidationError as error:
            self.collect(error, place)
            return None

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

    def add(self, path: DataPath, message: str, at_key: bool = False) -> None:
        """Add a problem at a path of the file."""
        self.problems.append(self.document.problem(path, message, at_key))

    def stop(self) -> NoReturn:
        """Raise what was found."""
        raise StudyError(self.problems)
