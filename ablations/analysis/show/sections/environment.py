"""Environment: the machines, versions and devices of the runs that count."""

from __future__ import annotations

from collections.abc import Mapping

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Section, text_table
from ablations.analysis.show.formats import plural

TITLE = "Environment"
DEVICE = "device"


def environment(inference: Inference) -> Section | None:
    """Return every value that was recorded; nothing without runs."""
    if not inference.environments:
        return None
    counted = inference.runs.counted
    rows = [(key, _values(values, counted)) for key, values in inference.environments.items()]
    return Section(TITLE, (text_table(("what", "value"), rows),))


def devices_notice(inference: Inference) -> str:
    """Return that runs were computed on different devices; empty where they were not."""
    devices = inference.environments.get(DEVICE, {})
    if len(devices) < 2:
        return ""
    counts = ", ".join(f"{device}: {plural(count, 'run')}" for device, count in devices.items())
    return (
        f"Computed on different devices ({counts}), which round differently and differ in speed: "
        "times are not comparable."
    )


def _values(values: Mapping[str, int], runs: int) -> str:
    if list(values.values()) == [runs]:
        return next(iter(values))
    return "; ".join(f"{value} ({plural(count, 'run')})" for value, count in values.items())
