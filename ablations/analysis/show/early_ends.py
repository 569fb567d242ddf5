"""Runs that end early, in words; ``import`` and the report say the same."""

from __future__ import annotations

from collections.abc import Iterator

from ablations.analysis.infer.early_ends import EarlyEnds
from ablations.analysis.show.formats import listed, seed_ranges

MOST_NAMES = 3


def early_sentences(found: EarlyEnds | None) -> Iterator[str]:
    """Yield which runs end early, and where the others end; nothing where none does."""
    if found is not None:
        named = [
            f"{arm} seed{'s' if len(steps) > 1 else ''} {seed_ranges(tuple(steps))} at "
            f"{_steps(min(steps.values()), max(steps.values()))}"
            for arm, steps in found.arms.items()
        ]
        yield (
            f"Runs end early: {listed(named, MOST_NAMES)}; others at {_steps(*found.others)}. "
            "Their values are of other steps."
        )


def _steps(low: int, high: int) -> str:
    return f"step {low:,}" if low == high else f"steps {low:,} to {high:,}"
