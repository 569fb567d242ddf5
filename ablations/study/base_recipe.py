"""What every recipe tells, whatever trains it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ModelWrapValidatorHandler, ValidationInfo, model_validator

from ablations.study.frozen import Frozen, problem
from ablations.study.metrics import Metric, metrics_of_own_trainer
from ablations.study.scores import SCORES
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.user_code import code_from

if TYPE_CHECKING:
    from ablations.study.recipe import DataRecipe


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

    @model_validator(mode="wrap")
    @classmethod
    def _from_its_code(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Find functions where the recipe says."""
        written = value.get("code") if isinstance(value, Mapping) else None
        with code_from(written if isinstance(written, str) else None):
            return handler(value)

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
        return self.model_dump(mode="json", exclude={"telemetry", "code"})
