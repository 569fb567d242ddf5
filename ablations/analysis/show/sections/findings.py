"""Findings: what the layers of each arm's runs show."""

from __future__ import annotations

from ablations.analysis.infer.findings import ArmFindings
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import (
    Block,
    Cell,
    Column,
    Paragraph,
    Section,
    Table,
    notes,
)
from ablations.analysis.show.comparisons import arm_cell
from ablations.analysis.show.findings import THRESHOLDS, arm_sentences
from ablations.analysis.show.formats import seed_ranges

TITLE = "Findings"


def findings(inference: Inference) -> Section | None:
    """Return what was found, a row each; nothing where no layers were observed."""
    observed = [arm for arm in inference.findings if arm.runs]
    if not observed:
        return None
    healthy = [arm.arm for arm in observed if not arm.findings]
    blocks: tuple[Block, ...] = (
        *_table([arm for arm in observed if arm.findings], inference.control),
        *(_healthy(healthy, len(observed))),
        *notes([*(_damage(arm) for arm in observed if arm.damaged), THRESHOLDS]),
    )
    return Section(TITLE, blocks)


def _table(found: list[ArmFindings], control: str) -> tuple[Table, ...]:
    rows = tuple(
        (arm_cell(arm.arm, arm.arm == control), Cell(sentence))
        for arm in found
        for sentence in arm_sentences(arm)
    )
    return (Table((Column("arm"), Column("what its layers show")), rows),) if rows else ()


def _healthy(arms: list[str], observed: int) -> tuple[Paragraph, ...]:
    if not arms:
        return ()
    which = "any arm" if len(arms) == observed else ", ".join(arms)
    return (Paragraph(f"Nothing stands out in the layers of {which}."),)


def _damage(arm: ArmFindings) -> str:
    return (
        f"{arm.arm}: the record of its layers is damaged at seed {seed_ranges(arm.damaged)}; what "
        "stands before the damage counts."
    )
