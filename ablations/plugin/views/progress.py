"""How far the study has come: every run's state and epoch, and the time left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablations.analysis.infer.progress import progress as infer_progress
from ablations.analysis.infer.to_json import as_data
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.selection import selection


def progress(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the runs of the searches and of the comparison, arm by arm."""
    collected = study.collected()
    declared = collected.study
    return {
        "study": study.name,
        "question": declared.question,
        "control": declared.control,
        "arms": declared.arm_names,
        "seeds": declared.seeds,
        "tuned": declared.tune is not None,
        "factorial": declared.design == "full_factorial",
        "layered": any(arm.recipe.records_layers for arm in declared.arms),
        "imported": declared.imported,
        "selection": selection(study),
        "part": as_data(declared.part.model_dump()) if declared.part else None,
        **as_data(infer_progress(collected, study.memory)),
    }
