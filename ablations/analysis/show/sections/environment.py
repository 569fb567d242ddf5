"""Environment: the machines, versions and devices of the runs that count."""

from __future__ import annotations

from collections.abc import Mapping

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Section, text_table
from ablations.analysis.show.formats import plural


def environment(inference: Inference) -> Section | None:
    """Return every value that was recorded; nothing without runs."""
    if not inference.environments:
        return None
    counted = inference.runs.counted
    rows = [(key, _values(values, counted)) for key, values in inference.environments.items()]
    return Section("Environment", (text_table(("what", "value"), rows),))


def _values(values: Mapping[str, int], runs: int) -> str:
    if list(values.values()) == [runs]:
        return next(iter(values))
    return "; ".join(f"{value} ({plural(count, 'run')})" for value, count in values.items())
