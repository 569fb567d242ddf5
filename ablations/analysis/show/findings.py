"""Findings in words: a plain sentence for each thing that the layers of an arm's runs show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ablations.analysis.infer.findings import (
    CHANCE_SHARE,
    CHANCE_TIMES,
    DEAD,
    DEAD_ABOVE,
    LARGE_GRADIENT,
    LARGE_UPDATE,
    LOW_LAYERS,
    ORDERS,
    SATURATED,
    SMALL_MOVE,
    ArmFindings,
    Finding,
    Kind,
)
from ablations.analysis.show.formats import count, number, plural, seed_ranges


def finding_sentence(finding: Finding, runs: int) -> str:
    """Return one finding as a sentence without its full stop, of so many observed runs."""
    shown = len(finding.seeds)
    if shown == runs:
        which = "" if runs == 1 else f" (all {runs} runs)"
    else:
        which = f" ({shown} of {runs} runs: seed {seed_ranges(finding.seeds)})"
    return f"{_SENTENCES[finding.kind](finding)}{which}"


def arm_sentences(found: ArmFindings) -> tuple[str, ...]:
    """Return the sentences of an arm; none where nothing was found."""
    return tuple(finding_sentence(finding, found.runs) for finding in found.findings)


def _power(orders: float) -> str:
    """Show a factor by its order of magnitude: 10^6."""
    return f"10^{round(orders)}"


def _orders_from(finding: Finding, what: str, verb: str) -> str:
    factor = _power(finding.value)
    return f"{what} {verb} by {factor} from {finding.other} to {finding.layer}"


def _divergence(finding: Finding) -> str:
    return f"training diverges: the loss is not finite after {count(finding.value)} updates"


def _at_chance(finding: Finding) -> str:
    guess = f"a guess has {100 * finding.chance:.1f}%"
    text = f"stays at chance: {100 * finding.value:.1f}% right at the best epoch, {guess}"
    if not 1 <= abs(finding.fall) < ORDERS:  # healthy; or said by a finding of its own
        return text
    verb = "falls" if finding.fall > 0 else "grows"
    ends = f"from {finding.other} to {finding.layer}"
    return f"{text}; the median gradient norm {verb} by 10^{abs(finding.fall):.1f} {ends}"


def _vanishing_gradients(finding: Finding) -> str:
    fall = _orders_from(finding, "the median norm", "falls")
    return f"gradients vanish below {finding.edge}: {fall}"


def _exploding_gradients(finding: Finding) -> str:
    return f"gradients explode: {_orders_from(finding, 'the median norm', 'grows')}"


def _large_gradients(finding: Finding) -> str:
    return f"gradients explode: the norm of {finding.layer} reaches {number(finding.value, 2)}"


def _nonfinite_gradients(finding: Finding) -> str:
    return f"gradients explode: their norm became NaN or infinite{_in_layers(finding)}"


def _exploding_activations(finding: Finding) -> str:
    return f"activations explode: {_orders_from(finding, 'their spread', 'grows')}"


def _vanishing_activations(finding: Finding) -> str:
    return f"activations vanish: {_orders_from(finding, 'their spread', 'falls')}"


def _dead_units(finding: Finding) -> str:
    return f"{_share(finding)} of the units of {finding.layer} are dead{_others(finding)}"


def _saturated_units(finding: Finding) -> str:
    return f"{_share(finding)} of the units of {finding.layer} are saturated{_others(finding)}"


def _large_updates(finding: Finding) -> str:
    moved = f"a step changes the weights of {finding.layer} by {_share(finding)}"
    return f"updates are large: {moved}{_others(finding)}"


def _small_updates(finding: Finding) -> str:
    moved = f"a step changes the weights of {finding.layer} by {number(100 * finding.value, 2)}%"
    return f"updates are too small to learn by: {moved}{_others(finding)}"


def _share(finding: Finding) -> str:
    return f"{100 * finding.value:.0f}%"


def _others(finding: Finding) -> str:
    more = len(finding.layers) - 1
    return f", and {plural(more, 'other layer')} alike" if more > 0 else ""


def _in_layers(finding: Finding) -> str:
    return f" in {plural(len(finding.layers), 'layer')}"


_SENTENCES: Mapping[Kind, Callable[[Finding], str]] = {
    "divergence": _divergence,
    "at_chance": _at_chance,
    "nonfinite_gradients": _nonfinite_gradients,
    "exploding_gradients": _exploding_gradients,
    "large_gradients": _large_gradients,
    "vanishing_gradients": _vanishing_gradients,
    "exploding_activations": _exploding_activations,
    "vanishing_activations": _vanishing_activations,
    "dead_units": _dead_units,
    "saturated_units": _saturated_units,
    "large_updates": _large_updates,
    "small_updates": _small_updates,
}

THRESHOLDS = (
    f"What is worth a word: a signal that changes by {_power(ORDERS)} through the network, a "
    f"gradient norm of {LARGE_GRADIENT:,.0f} under a cross-entropy, {100 * DEAD:.0f}% of a layer's "
    f"units ({100 * DEAD_ABOVE:.0f}% above the lowest {LOW_LAYERS}) zero on the whole probe batch, "
    f"{100 * SATURATED:.0f}% of them flat (a slope of 5% of "
    f"the greatest) on 95% of it, a step that changes weights by {100 * LARGE_UPDATE:.0f}%, or "
    f"{100 * SMALL_MOVE:g}% by all steps together; and no epoch that is right {CHANCE_TIMES:g} "
    f"times as often as a guess, or {100 * CHANCE_SHARE:g}% of the way from there to always. "
    "Gradients and updates are medians over the observed epochs, units are those after the last "
    "one; values are medians over the runs."
)
"""How to read them."""
