"""The top level of a study file, before arms are spanned and recipes resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ablations.study.budgets import MOST_ARMS
from ablations.study.declared_metrics import DeclaredMetric
from ablations.study.frozen import Frozen, NonNegative, problem, show
from ablations.study.looks import Looks, LookWeights
from ablations.study.over import Over
from ablations.study.recipes import COMPILED
from ablations.study.replicates import Replicates
from ablations.study.schema import (
    SUMMARY,
    TUNING,
    Claim,
    Correction,
    Design,
    Listed,
    Name,
    Seeds,
)
from ablations.study.search import Search

RESERVED_ARMS = (SUMMARY, TUNING)  # runs/<study>/summary/ holds the bands, tuning/ the trials
COPY = "copy"
"""In place of an arm's changes: the control once more, whose verdict should be no difference."""
TUNED = "tuned"
"""In place of a factor's level: what the search chooses."""


def _arm_changes(value: Any) -> Any:
    if value == COPY or isinstance(value, Mapping):
        return value
    raise problem(
        f"wants a mapping of dotted paths, or {COPY} for the control again, got {show(value)}"
    )


class ClaimAsWritten(Claim):
    """A claim of a study file, which need not say on what."""

    on: str | None = None  # type: ignore[assignment]


class StudyFile(Frozen):
    """A study file as written."""

    study: Name
    question: str
    description: str = ""
    trainer: Any = COMPILED
    """What trains the runs: ``compiled``, ``keras``, ``python:my_module.train``, or a mapping,
    ``{command: […]}``."""
    base: Mapping[str, Any]
    control: str | None = None
    arms: Annotated[
        Mapping[str, Annotated[Any, BeforeValidator(_arm_changes)]], Field(max_length=MOST_ARMS)
    ] = {}
    factors: Mapping[str, Any] = {}
    design: Design | None = None
    over: Over | None = None
    """The setting that differs from part to part of the study, with its values."""
    seeds: Seeds
    tune: Search | None = None
    metrics: Mapping[str, DeclaredMetric] = {}
    """What the study says of metrics; those of its own are what its trainer returns."""
    metric: str | None = None
    """Null is what the task scores on the test split: ``test_accuracy`` of a classification."""
    margin: NonNegative = 0.0
    target: float | None = None
    claims: Annotated[tuple[ClaimAsWritten, ...], Listed, Field(validate_default=False)] = ()
    correction: Correction = "max_t"
    replicates: Replicates = "paired"
    if_diverged: Mapping[str, float] = {}
    files: Annotated[tuple[str, ...], Listed] = ()
    """Files that a run is made of beside those that are found, such as data that a script opens:
    paths and patterns (``data/*.csv``) from the directory of the study file on."""
    looks: Looks = ()
    look_weights: LookWeights = ()
