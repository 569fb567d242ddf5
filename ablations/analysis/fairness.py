"""Whether the arms of a study were given an equal chance: the label that its report carries."""

from __future__ import annotations

from dataclasses import dataclass

from ablations.analysis.collect import Collected
from ablations.analysis.text_tables import Table


@dataclass(frozen=True)
class Fairness:
    """What a reader must know of how the arms' settings were chosen."""

    label: str
    """A word or two, shown beside the answer."""
    text: str
    """The label in a sentence."""
    warnings: tuple[str, ...] = ()
    """Shown before the numbers."""
    tables: tuple[tuple[str, Table], ...] = ()
    """Title and content, shown after the results."""


def fairness(collected: Collected) -> Fairness:
    """Return how fairly the arms of a study were compared."""
    return Fairness(
        label="Untuned",
        text=(
            "Untuned: the study searches no learning rate for its arms, so an arm may owe its "
            "place to a setting that suits it better than the others."
        ),
    )
