"""Whether the arms had equal chances, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.study.settings import short

UNTUNED = (
    "Untuned: no search gave each arm settings of its own, such as its learning rate, so an arm "
    "may owe its place to a setting that suits it better than the others."
)
IMPORTED = (
    "Imported: something else trained these runs, and how the settings of each arm were chosen is "
    "not known here."
)
WITHOUT_TEST = "without a look at the test split"
NOTHING_ELSE = "all that was kept of what the trainer returned in a trial"
BY_HAND = "Rates set by hand"
MOST_NAMES = 6


def fairness_label(inference: Inference) -> str:
    """Return the word that stands beside the answer."""
    if inference.imported:
        return "Imported"
    if inference.fairness.tuned:
        return "Tuned"
    return BY_HAND if inference.fairness.own_rates else "Untuned"


def fairness_sentence(inference: Inference) -> str:
    """Return how the arms' settings were chosen."""
    if inference.imported:
        return IMPORTED
    tuning = inference.tuning
    if tuning is None:
        rates = inference.fairness.own_rates
        return _by_hand(rates) if rates else UNTUNED
    trials = formats.plural(len(tuning.trials), "trial")
    seeds = f"{formats.plural(len(tuning.seeds), 'seed')} ({formats.seed_ranges(tuning.seeds)})"
    metric = inference.metric_named(tuning.metric)
    text = (
        f"Tuned: {', '.join(tuning.settings)} by the same search for each arm, {trials} × {seeds}, "
        f"which the comparison does not use; chosen by the mean {metric.label}, "
        f"{WITHOUT_TEST if tuning.without_test else NOTHING_ELSE}. The verdicts are conditional "
        f"on the chosen {_settings(tuning.settings)}: no interval counts that another search may "
        "choose otherwise."
    )
    held = inference.fairness.held
    if held:
        text += f" Held at a value of their own, not tuned: {formats.listed(held, 10)}."
    return text


def _settings(paths: tuple[str, ...]) -> str:
    if len(paths) > 1:
        return "values"
    return "rate" if paths[0].endswith("learning_rate") else "value"


def _by_hand(rates: Mapping[str, float]) -> str:
    stated = [f"{arm} {short(rate)}" for arm, rate in rates.items()]
    return (
        f"{BY_HAND}: {formats.listed(stated, MOST_NAMES)}. No search chose them or the control's, "
        "so an arm may owe its place to a better guess; tune: gives each the same search."
    )


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
    for arm in inference.arms:
        if arm.is_copy and arm.comparison and arm.comparison.verdict in ("better", "worse"):
            yield (
                f"False alarm: {arm.arm} is a copy of the control, and came out "
                f"{arm.comparison.verdict}. Nothing but noise tells the two apart, so other "
                "effects of that size may be noise too."
            )
