"""What each arm changes of the control."""

from __future__ import annotations

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Section, text_table
from ablations.study.settings import short


def changes(inference: Inference) -> Section | None:
    """Return every setting in which an arm differs; nothing where that is not known."""
    if inference.imported or inference.control_arm() is None:
        return None
    rows: list[tuple[str, str, str, str]] = []
    for arm in inference.changes:
        if not arm.changes:
            copy = "nothing: a copy of the control"
            rows.append((arm.arm, copy, formats.NOTHING, formats.NOTHING))
        for change in arm.changes:
            rows.append((arm.arm, change.setting, short(change.control), short(change.arm)))
    titles = ("arm", "setting", f"control ({inference.control})", "this arm")
    return Section("What each arm changes", (text_table(titles, rows),))
