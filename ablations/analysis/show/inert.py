"""Inert arms, in words; ``plan``, ``run`` and the report say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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


def score_sentences(
    same: Mapping[str, Sequence[int]], of_control: Mapping[str, Sequence[int]], metric: str
) -> Iterator[str]:
    """Yield which arms score the same at every seed, or as the control does, and what follows.

    Of runs that something else trained nothing is known but their scores.
    """
    if same:
        yield (
            f"The same {metric} at every seed: {_runs_of(same)}. The runs count as they are; if no "
            "seed reaches their training, they are one run, and no verdict on them holds."
        )
    if of_control:
        yield (
            f"The same {metric} as the control's at every seed: {_runs_of(of_control)}. Either the "
            "settings do not reach the training, or the metric is too coarse to show what they do."
        )


def _runs_of(arms: Mapping[str, Sequence[int]]) -> str:
    named = [f"{arm} ({plural(len(seeds), 'run')})" for arm, seeds in arms.items()]
    return listed(named, MOST_NAMES)


def inert_sentence(inert: InertArm, control: str) -> str:
    """Return which difference of two arms changed nothing; of the cause nothing is known."""
    runs = plural(len(inert.seeds), "run")
    if inert.like == control:
        return f"{inert.arm} is inert: its {runs} equal the control's to the last bit."
    return (
        f"{inert.arm} and {inert.like} are one training: their {runs} each are equal to the last "
        "bit, so the settings in which they differ change nothing."
    )
