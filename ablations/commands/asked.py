"""What a study asks, to tell whether what was run is the study as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ablations.study.schema import Study

CHANGED = "its file, or code that it names, was changed since its last run"


def again(command: str, study: str, runs: Path) -> str:
    """Return a command on the same study and runs, as it is to be typed."""
    where = "" if runs == Path("runs") else f" --runs {shlex.quote(str(runs))}"
    return f"ablations {command} {study}{where}"


def was_changed(study: Study, record: Study) -> bool:
    """Whether a study asks something else now than when it was run."""
    return not study.imported and asked(study) != asked(record)


def asked(study: Study) -> tuple[Any, ...]:
    """Return what decides on a study's numbers, but for what its searches and ``run`` fill in."""
    own = {arm.name: dict(arm.changes) for arm in study.arms}
    base = study.base.without_telemetry()
    corrected = (study.correction, study.replicates)
    return (own, base, study.control, study.seeds, study.metric, study.margin, *corrected)
