"""Overrides: what ``--set`` changed in the base."""

from __future__ import annotations

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Paragraph, Section, text_table
from ablations.study.settings import short


def overrides(inference: Inference) -> Section | None:
    """Return each setting that was overridden; nothing where none was."""
    if not inference.overrides:
        return None
    rows = [(path, short(value)) for path, value in inference.overrides.items()]
    table = text_table(("setting", "value"), rows)
    return Section("Overrides", (Paragraph("Set on the command line, for every arm:"), table))
