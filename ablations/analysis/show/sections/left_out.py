"""Left out: what the numbers do not count, and why."""

from __future__ import annotations

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Paragraph, Section, text_table
from ablations.analysis.show.formats import NOTHING, plural, seed_ranges

TITLE = "Left out"
_KINDS = {
    "missing": "missing",
    "unfinished": "unfinished",
    "stale": "stale",
    "failed": "failed",
    "unreadable": "unreadable",
    "foreign": "foreign",
    "removed": "of arms no longer in the study",
    "incomplete": "without the study's metric",
    "undeclared": "of seeds that the study does not declare",
    "other data": "that learned from other data",
    "other code": "of other code than the control's",
    "damaged": "whose curve is damaged",
}


def left_out(inference: Inference) -> Section | None:
    """Return what is left out, an arm and reason a row."""
    if not inference.left_out:
        return None
    rows = [
        (entry.kind, entry.arm, seed_ranges(entry.seeds) or NOTHING, entry.reason)
        for entry in inference.left_out
    ]
    table = text_table(("what", "arm", "seeds", "why"), rows)
    return Section(TITLE, (Paragraph("Not in the numbers above:"), table))


def left_out_notice(inference: Inference) -> str:
    """Return how many runs of each kind are left out; nothing where none is."""
    totals = inference.runs.left_out
    counts = [f"{plural(totals[kind], 'run')} {_KINDS[kind]}" for kind in _KINDS if kind in totals]
    return f"Left out of the numbers: {', '.join(counts)}." if counts else ""


def left_out_lines(inference: Inference) -> tuple[str, ...]:
    """Return the same as plain lines, for a shell."""
    lines = []
    for entry in inference.left_out:
        seeds = f" seed {seed_ranges(entry.seeds)}" if entry.seeds else ""
        lines.append(f"{entry.kind}: {entry.arm}{seeds}: {entry.reason}")
    return tuple(lines)
