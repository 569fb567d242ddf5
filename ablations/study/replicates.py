"""Replicates: paired where a seed means the same for every arm, independent where it is a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ablations.study.study_file import StudyFile

Replicates = Literal["paired", "independent"]


def with_replicates(study: Any) -> Any:
    """Return a study's data with its replicates; independent ones have Holm's correction alone.

    A record of an import from before this was stated is of independent ones.
    """
    if not isinstance(study, Mapping):
        return study
    default = "independent" if study.get("imported") else "paired"
    stated = {"replicates": default, **study}
    return {**stated, "correction": "holm"} if stated["replicates"] == "independent" else stated


def wrong_of_independent(file: StudyFile) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what of a study only paired runs have, where it says that its runs are independent."""
    if file.replicates == "paired":
        return
    expected = "expected replicates: paired, or"
    if file.looks:
        yield ("looks",), f"looks judge paired runs; {expected} no looks"
    if file.design == "full_factorial":
        yield ("design",), f"its contrasts are of paired runs; {expected} another design"
    if "correction" in file.model_fields_set and file.correction != "holm":
        yield ("correction",), f"max_t corrects paired runs; {expected} correction: holm"
