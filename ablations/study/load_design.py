"""Check the factors of a study file, and that no two arms or parts share a directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ablations.study.design import Factor, label_of
from ablations.study.frozen import show
from ablations.study.load_recipe import Checker
from ablations.study.over import same_parts
from ablations.study.schema import NAME, NAME_WANTED
from ablations.study.study_file import RESERVED_ARMS
from ablations.study.yaml_reader import Path as DataPath

WHERE_FOLDED = " where case makes no difference"


class DesignChecker(Checker):
    """Checks the levels of factors, and the names of arms and parts."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.places: list[tuple[DataPath, ...]] = []
        """Where the file says each arm: at the levels that it moves, or under arms."""
        self.level_keys: dict[str, dict[str, Any]] = {}
        """Factor → label of a level → its key in a mapping, or its place in a list."""

    def factor(self, path: str, levels: Any) -> Factor:
        """Return a factor with a label for each of its levels."""
        if isinstance(levels, (list, tuple)):
            labels = [label_of(value) for value in levels]
            for place, label in enumerate(labels):
                if (first := labels.index(label)) != place:
                    what = f'two levels are labelled "{label}"; expected a mapping, label: level'
                    at: DataPath = ("factors", path)
                    self.add((*at, place), what, other=(*at, first))
            levels = dict(zip(labels, levels, strict=True))
        if not isinstance(levels, Mapping) or len(levels) < 2:
            self.add(("factors", path), "wants at least two different levels")
            levels = {}
        return Factor(path, levels)

    def keep_keys(
        self, written: Mapping[str, Any], levels: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Keep where the file says each level."""
        for path, of in written.items():
            keys = list(of) if isinstance(of, Mapping) else range(len(of))
            self.level_keys[path] = dict(zip(levels[path], keys, strict=True))

    def moved(self, labels: Mapping[str, str], start: Mapping[str, str]) -> tuple[DataPath, ...]:
        """Return where the file says the levels of a cell that are not those of ``start``."""
        moved = ((path, label) for path, label in labels.items() if label != start.get(path))
        return tuple(("factors", path, self.level_keys[path][label]) for path, label in moved)

    def check_distinct(self, names: Sequence[str]) -> None:
        """Refuse names of arms that are equal, but for case, or that no directory can have."""
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            at = self.places[number][-1]
            if (twin := first.setdefault(name.casefold(), number)) != number:
                what = f'the design already spans an arm called "{name}"; expected other names'
                if name != names[twin]:
                    what = f'"{name}" shares its directory with "{names[twin]}"{WHERE_FOLDED}'
                one, other = self.places[number], self.places[twin]
                differing = [place for place in one if place not in other] or one
                others = [place for place in other if place not in one] or other
                self.add(differing[-1], what, at_key=True, other=others[-1])
            if not NAME.fullmatch(name):
                self.add(at, NAME_WANTED.format(show(name)), at_key=True)
            if name.lower() in RESERVED_ARMS:
                self.add(at, f'"{name}" is taken by the runs directory', at_key=True)

    def check_parts(self, over: Any) -> None:
        """Refuse parts whose labels are equal, but for case."""
        for part, twin in same_parts(over):
            what = f'two are labelled "{part.label}"; expected a mapping, label: value'
            if part.label != twin.label:
                what = f'"{part.label}" shares its directory with "{twin.label}"{WHERE_FOLDED}'
            self.add(part.place, what, at_key=True, other=twin.place)
