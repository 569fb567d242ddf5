"""Sentences on the runs themselves that make a study's numbers provisional or doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.early_ends import EarlyEnds
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.formats import listed, measured, plural, seed_ranges

MOST_NAMES = 3
TO_COME = ("missing", "unfinished", "stale")
"""Kinds of runs that ``run`` would train."""


def so_far(parts: Sequence[Inference]) -> Iterator[str]:
    """Say of a study that still trains how many runs it has, and which arms wait."""
    to_come: dict[str, int] = {}
    for part in parts:
        names = {arm.arm for arm in part.arms}
        for left in part.left_out if not part.imported else ():
            if left.kind in TO_COME and left.arm in names:
                to_come[left.arm] = to_come.get(left.arm, 0) + len(left.seeds)
    counted = sum(part.runs.counted for part in parts)
    if not to_come or not counted:
        return
    begun = {arm.arm for part in parts for arm in part.arms if arm.divergence.runs}
    none = [arm for arm in to_come if arm not in begun]
    waiting = f"none yet of {listed(none, MOST_NAMES)}" if none else ""
    waiting = waiting or f"more to come of {listed(list(to_come), MOST_NAMES)}"
    yield f"So far, {counted} of {plural(counted + sum(to_come.values()), 'run')}: {waiting}."


def cautions(inference: Inference) -> Iterator[str]:
    """Yield what of the runs themselves makes the numbers doubtful."""
    diverged = [arm for arm in inference.arms if arm.divergence.diverged]
    score = inference.diverged_score
    if inference.imported and diverged and score and not score.stated:
        value = measured(inference.answering_metric(), score.value)
        named = [f"{arm.arm} ({arm.divergence.diverged}/{arm.divergence.runs})" for arm in diverged]
        yield (
            f"Diverged runs score {value}, the worst value of any completed run, as --if-diverged "
            f"was not given: {listed(named, MOST_NAMES)}."
        )
    yield from early_sentences(inference.early_ends)


def different_runs(control: ArmSummary, others: Sequence[ArmSummary]) -> Iterator[str]:
    """Say over how many runs the control's mean is, where effects are over others."""
    pairs = [
        f"that of {arm.arm} over {plural(arm.comparison.n, 'pair')}"
        for arm in others
        if arm.comparison
        and arm.comparison.n_reference is None
        and arm.comparison.n not in (0, control.score.n)
    ]
    if control.score.mean is not None and pairs:
        yield (
            f"The control's mean is over {plural(control.score.n, 'run')}, an effect over the "
            f"seeds that both arms have: {listed(pairs, MOST_NAMES)}."
        )


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
