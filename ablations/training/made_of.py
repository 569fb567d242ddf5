"""Record the user's own files that a run is made of: as it begins, and what it really imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ablations.errors import UserCodeError
from ablations.own_files import EDITED, Imported, changed, shown
from ablations.study.expand import Run
from ablations.study.recipe import BaseRecipe

MOST_NAMED = 3
"""Files in a message or a note."""
_imported: Imported | None = None  # by this process, which may train many runs


def check_made_of(run: Run) -> None:
    """See that the files of a run are what they were when the study was read.

    Raises:
        UserCodeError: some have changed; names them.
    """
    if found := changed(run.recipe.made_of):
        verb = "has" if len(found) == 1 else "have"
        raise UserCodeError(f"{run}: {listed(found)} {verb} changed since the study was read")


@dataclass(frozen=True)
class MadeOf:
    """What a run was made of, and what a reader should know of that."""

    files: Mapping[str, str]
    """Path → digest."""
    notes: tuple[str, ...] = ()


def imported_here(recipe: BaseRecipe) -> Callable[[], Mapping[str, str]]:
    """Return what tells the user's own modules that this process imports for runs.

    That begins now: between runs a notebook, say, imports what is no part of them.  A recipe
    without code of the user's imports none.
    """
    global _imported
    if _imported is None:
        _imported = Imported()
    else:
        _imported.pass_over()
    return _imported.look if recipe.code_files() else dict


def made_of(recipe: BaseRecipe, imported: Mapping[str, str]) -> MadeOf:
    """Return what a run that has ended was made of; ``imported`` is path → digest of modules.

    A file that was edited as the run trained may have been read before or after that, unless its
    module was imported: then the digest tells.
    """
    unknown = [name for name in changed(recipe.made_of) if name not in imported]
    files = {**recipe.made_of, **dict.fromkeys(unknown, EDITED)}
    try:
        foreseen = {*files, *map(shown, recipe.code_files())}
    except UserCodeError:  # it was removed meanwhile
        foreseen = set(files)
    missed = {name: of for name, of in imported.items() if name not in foreseen}
    files |= {name: of for name, of in imported.items() if name in files} | missed
    edited = [name for name, was in recipe.made_of.items() if files[name] != was]
    notes = []
    if edited:
        notes.append(f"edited while the run trained: {listed(edited)}")
    if missed:
        notes.append(f"imported, and not found before training: {listed(list(missed))}")
    return MadeOf(files, tuple(notes))


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"
