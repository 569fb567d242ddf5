"""Whether the arms had equal chances, in words."""

from __future__ import annotations

from collections.abc import Iterator

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.study.metrics import METRICS

UNTUNED = (
    "Untuned: the study searches no learning rate for its arms, so an arm may owe its place to a "
    "setting that suits it better than the others."
)
MOST_NAMES = 6


def fairness_label(inference: Inference) -> str:
    """Return the word that stands beside the answer."""
    return "Tuned" if inference.fairness.tuned else "Untuned"


def fairness_sentence(inference: Inference) -> str:
    """Return how the arms' settings were chosen."""
    tuning = inference.tuning
    if tuning is None:
        return UNTUNED
    trials = formats.plural(len(tuning.trials), "trial")
    seeds = f"{formats.plural(len(tuning.seeds), 'seed')} ({formats.seed_ranges(tuning.seeds)})"
    text = (
        f"Tuned: {', '.join(tuning.settings)} by the same search for each arm, {trials} × {seeds}, "
        f"which the comparison does not use; chosen by the mean {METRICS[tuning.metric].label}, "
        "without a look at the test split."
    )
    held = inference.fairness.held
    if held:
        text += f" Held at a value of their own, not tuned: {formats.listed(held, 10)}."
    return text


def fairness_warnings(inference: Inference) -> Iterator[str]:
    """Yield what a reader must know of the searches before the numbers."""
    fairness = inference.fairness
    if fairness.incomplete:
        arms = formats.listed(fairness.incomplete, MOST_NAMES)
        yield f"Not compared, as the search is not complete: {arms}."
    if fairness.not_confirmed:
        arms = formats.listed(fairness.not_confirmed, MOST_NAMES)
        yield f"The trials on disk no longer lead to the values that these are compared at: {arms}."
    for edge in fairness.on_the_edge:
        yield (
            f"On the edge of the search: the {edge.end} {edge.setting} that was tried did best for "
            f"{formats.listed(edge.arms, MOST_NAMES)}; one beyond it may do better."
        )
