"""Inert arms, in words; ``plan``, ``run`` and the report say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablations.analysis.show.formats import listed, plural
from ablations.ledger.inert import InertArm

MOST_NAMES = 6


def repeating_sentence(arms: Mapping[str, Sequence[int]]) -> str:
    """Return that the seeds of some arms change nothing, and what that means."""
    runs = plural(len(next(iter(arms.values()))), "run")
    whose = f"the {runs} of {listed(tuple(arms), MOST_NAMES)}"
    if len(arms) > 1:
        whose = f"the runs of each of {listed(tuple(arms), MOST_NAMES)}"
    return (
        f"The seed reaches nothing: {whose} equal each other to the last bit, so they count as one "
        "run; two such arms cannot be told apart from chance."
    )


def inert_sentence(inert: InertArm, control: str) -> str:
    """Return that an arm's runs equal another's; of the cause nothing is known."""
    like = "the control's" if inert.like == control else f"those of {inert.like}"
    runs = plural(len(inert.seeds), "run")
    verb = "equals" if len(inert.seeds) == 1 else "equal"
    return f"{inert.arm} is inert: its {runs} {verb} {like} to the last bit."
