"""Inert arms, in words; ``plan``, ``run`` and the report say the same."""

from __future__ import annotations

from ablations.analysis.show.formats import plural
from ablations.ledger.inert import InertArm


def inert_sentence(inert: InertArm, control: str) -> str:
    """Return that an arm's runs equal another's; of the cause nothing is known."""
    like = "the control's" if inert.like == control else f"those of {inert.like}"
    runs = plural(len(inert.seeds), "run")
    verb = "equals" if len(inert.seeds) == 1 else "equal"
    return f"{inert.arm} is inert: its {runs} {verb} {like} to the last bit."
