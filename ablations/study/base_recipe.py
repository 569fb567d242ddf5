"""What every recipe tells, whatever trains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationInfo,
    model_validator,
)

from ablations.files import digest_of
from ablations.named_files import files_named
from ablations.own_files import DIGITS, recorded, resolved, shown
from ablations.study.frozen import Frozen, problem
from ablations.study.metrics import Metric, metrics_of_own_trainer
from ablations.study.scores import SCORES
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.user_code import code_directory, code_from

if TYPE_CHECKING:
    from ablations.study.recipe import DataRecipe

FILES = "files"
"""In the context of a validation, as a study is read: the files that it names beside."""


def _directory(value: str | None, info: ValidationInfo) -> str | None:
    if value is not None and info.context and not Path(value).is_dir():
        raise problem(f"{value}: no such directory; wants one that holds the code")
    return value


class BaseRecipe(Frozen):
    """What every recipe tells, whatever trains it; see ``recipes``."""

    kind: ClassVar[str]
    """What trains it: a key of the tables of trainers."""
    found: ClassVar[tuple[str, ...]] = ()
    """Fields that nobody writes: they follow from the others."""
    tunable: ClassVar[tuple[str, ...]] = ()
    """The sections whose settings a search may try."""
    brings_metrics: ClassVar[bool] = False
    """Whether only the study says which metrics there are."""

    code: Annotated[str | None, AfterValidator(_directory)] = None
    """The directory that ``python:`` functions, and programs, are taken from, such as a checkout of
    an older version; null is the working directory.  What counts is the code, not where it lies."""
    files_hash: Annotated[str, Field(repr=False)] = ""
    """Hash of the files that settings name, and the study under ``files``; found, not written."""

    @model_validator(mode="wrap")
    @classmethod
    def _from_its_code(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        """Find functions where the recipe says."""
        written = value.get("code") if isinstance(value, Mapping) else None
        with code_from(written if isinstance(written, str) else None):
            recipe = handler(value)
            declared = (info.context or {}).get(FILES)
            if declared is None or not isinstance(value, Mapping) or recipe.files_hash:
                return recipe
            made = recipe.files_of_code_and_settings(declared)
            named = [path for path, is_code in made.items() if not is_code]
            found = digest_of(map(Path, named))[:DIGITS] if named else ""
            recipe = recipe.model_copy(update={"files_hash": found})
            recipe.__dict__["made_of"] = recorded(map(Path, sorted(made, key=made.__getitem__)))
            return recipe

    def files_of_code_and_settings(self, declared: Sequence[Path] = ()) -> dict[str, bool]:
        """Return the user's own files that a run is made of → whether the hash of code holds it.

        ``declared`` are those that the study names beside.
        """
        made = {resolved(path): True for path in self.code_files()}
        named = [*declared, *files_named(self.free_values, code_directory() or "")]
        for path in sorted(named, key=shown):
            made.setdefault(resolved(path), False)
        return made

    @cached_property
    def made_of(self) -> Mapping[str, str]:
        """The user's own files, path → digest, as they were when the study was read.

        Empty of a recipe that was read elsewhere.
        """
        return {}

    def code_files(self) -> list[Path]:
        """Return the user's own files that hold the code, found without running any of it."""
        return []

    @property
    def free_values(self) -> Any:
        """The settings that may name a file of the user's."""
        return ()

    @property
    def all_data(self) -> tuple[DataRecipe, ...]:
        """All data sets that are learned from, the recipe's own task first."""
        return ()

    @property
    def planned_epochs(self) -> int | None:
        """How many epochs it trains if nothing ends it early; None where that is not known."""
        return None

    @property
    def records_layers(self) -> bool:
        """Whether gradients, updates and units of each layer may be recorded."""
        return False

    @property
    def task(self) -> Task:
        """What the labels of its data are read for; a classification where nothing says."""
        return CLASSIFICATION

    @property
    def final_metrics(self) -> Mapping[str, Metric]:
        """What is known of the final metrics that a run may have."""
        return metrics_of_own_trainer(SCORES[self.task.score])

    @property
    def restores_best(self) -> bool:
        """Whether the weights of the best epoch are tested."""
        return False

    @property
    def keeps_checkpoint(self) -> bool:
        """Whether the final weights are kept."""
        return False

    def file_of_weights(self, seed: int) -> Path | None:
        """Return the file of weights that a run starts from, if there is one."""
        return None

    def reads(self, path: str) -> bool:
        """Return whether the setting at a dotted path can reach what trains."""
        return True

    def without_telemetry(self) -> dict[str, Any]:
        """Return the settings that can change a result: all but what is recorded."""
        return self.model_dump(mode="json", exclude={"telemetry", "code", "files_hash"})
