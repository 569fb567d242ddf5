"""What the layers of a run show that a reader should know: vanishing, exploding, dead, saturated.

Each kind has one threshold, stated here with its reason.  They are far from what healthy networks
show, so that a finding means something; a network without findings may still train badly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal, get_args

from ablations.analysis.infer.orders import log10_or_least
from ablations.analysis.infer.run_layers import RunLayers
from ablations.analysis.read.collect import Collected
from ablations.study.layer_metrics import (
    ACTIVATION_DEVIATION,
    DEAD_SHARE,
    GRADIENT_NORM,
    SATURATED_SHARE,
    UPDATE_RATIO,
)

Kind = Literal[
    "divergence",
    "at_chance",
    "nonfinite_gradients",
    "exploding_gradients",
    "large_gradients",
    "vanishing_gradients",
    "exploding_activations",
    "vanishing_activations",
    "dead_units",
    "saturated_units",
    "large_updates",
    "small_updates",
]

CHANCE_TIMES, CHANCE_SHARE = 2.0, 0.1
"""A network stays at chance where no epoch is right more than twice as often as a guess, and none
comes a tenth of the way from there to always right.

Of ten classes that is 19%: a constant answer reaches 14% on 200 examples, anything learned more.
"""
ORDERS = 3.0
"""Orders of magnitude between the two ends of a network from which a signal vanishes or explodes.

Weights of a healthy network have gradients of about one size: within a factor of 10 from layer to
layer of like width, of 100 with all that inputs, widths and convolutions add.  Where one end gets
a thousandth of the other's, no learning rate suits both (Glorot and Bengio 2010; Hanin 2018).
"""
LARGE_GRADIENT = 1e3
"""Gradient norm of a layer from which it explodes, where a cross-entropy is minimized.

That loss starts at log of the classes, and its gradients at a norm of about 1, whatever the data;
Pascanu et al. (2013) clip at 1 to 10.  Of other losses the scale is that of the targets: they have
no such threshold.
"""
DEAD = 0.35
DEAD_ABOVE = 0.5
LOW_LAYERS = 10
"""Shares of a layer's units from which dead ones are worth a word: in the lowest ten layers, above.

A unit that is zero on all 200 probe examples learns nothing from them.  Rectified networks that
train well have up to 10% of such units in their first three layers and up to 28% in the first ten,
measured on the studies of ``configs/``; above, what comes from below is so much alike for all
examples that units are off for all of them or for none, and up to 41% are.
"""
SATURATED = 0.5
"""Share of a layer's units from which saturated ones are worth a word.

Such a unit has, on 95% of the probe examples, a slope of 5% of its greatest or less: half of them
halve what passes backwards.  Units that decide, as they should, are flat on most examples, not on
all."""
LARGE_UPDATE = 0.1
"""Update-to-weight ratio from which a step is large: ten of them replace all that was learned.

Usual are 10⁻⁴ to 10⁻²."""
SMALL_MOVE = 1e-3
"""Share of a layer's weights that all updates of the run together move at the most, where they are
small: the layer stays where it was drawn, however long the run."""
FEWEST_UPDATES = 100
"""Updates of a run before which nothing is said of small ones."""


@dataclass(frozen=True)
class Finding:
    """One thing that the layers of one run show, or of several runs of an arm."""

    kind: Kind
    layer: str
    """Where it is worst; of what vanishes or explodes through the network, the end that it reaches.

    Empty for a divergence.
    """
    other: str
    """The end where that starts from; empty for what concerns each layer by itself."""
    layers: tuple[str, ...]
    """All layers that it concerns, from the inputs on."""
    edge: str
    """Of gradients that vanish, the lowest layer that still has them; else empty."""
    value: float
    """At ``layer``: orders of magnitude from end to end, a norm, a share of units, or a ratio.

    Of a divergence, the updates that were done.
    """
    seeds: tuple[int, ...]
    """Of the runs that show it."""
    chance: float = 0.0
    """The accuracy of a guess, of a network that stays there; ``value`` is its own best."""
    fall: float = 0.0
    """Of such a network, the orders of magnitude by which gradients fall from ``other`` to
    ``layer``; 0 where no layers say so."""


@dataclass(frozen=True)
class ArmFindings:
    """What the layers of an arm's runs show."""

    arm: str
    runs: int
    """Runs whose layers were observed; of none nothing can be found."""
    damaged: tuple[int, ...]
    """Seeds whose ``layers.jsonl`` is damaged; what stands before the damage counts."""
    findings: tuple[Finding, ...]
    """In the order of ``Kind``; values are medians over the runs that show them."""


def findings(collected: Collected) -> tuple[ArmFindings, ...]:
    """Return what the runs of each arm show, diverged ones among them, in the study's order."""
    return tuple(_of_arm(collected, arm) for arm in collected.study.arm_names)


def _of_arm(collected: Collected, arm: str) -> ArmFindings:
    chance = collected.study.if_diverged.get("test_accuracy")
    runs = [RunLayers.of(run, chance) for run in collected.of_arm(arm)]
    observed = [run for run in runs if run.is_observed]
    found = [finding for run in observed for finding in run_findings(run)]
    kinds = dict.fromkeys(finding.kind for finding in sorted(found, key=_place))
    joined = (_joined([each for each in found if each.kind == kind]) for kind in kinds)
    damaged = tuple(run.seed for run in runs if run.history.damage)
    return ArmFindings(arm, len(observed), damaged, tuple(joined))


def _place(finding: Finding) -> int:
    return get_args(Kind).index(finding.kind)


def _joined(found: list[Finding]) -> Finding:
    """Return one finding for those of several runs: the layers that most of them name."""
    counts: dict[str, int] = {}
    for finding in found:
        for layer in finding.layers:
            counts[layer] = counts.get(layer, 0) + 1
    middle = sorted(found, key=lambda finding: finding.value)[len(found) // 2]
    return Finding(
        kind=middle.kind,
        layer=middle.layer,
        other=middle.other,
        layers=tuple(layer for layer in middle.layers if 2 * counts[layer] >= len(found)),
        edge=middle.edge,
        value=median(finding.value for finding in found),
        seeds=tuple(seed for finding in found for seed in finding.seeds),
        chance=middle.chance,
        fall=median(finding.fall for finding in found),
    )


def run_findings(run: RunLayers) -> tuple[Finding, ...]:
    """Return what one run shows, in the order of ``Kind``.

    That updates are small follows where gradients vanish, and is not said of the same layers.
    """
    diverged = [_finding(run, "divergence", "", (), run.updates)] if run.diverged_in else []
    gradients = tuple(_gradients(run))
    vanished = {layer for each in gradients if each.edge for layer in each.layers}
    updates = (
        each
        for each in _updates(run)
        if each.kind != "small_updates" or not vanished.issuperset(each.layers)
    )
    detected = (*_at_chance(run), *gradients, *_activations(run), *_units(run), *updates)
    return tuple(sorted((*diverged, *detected), key=_place))


def _at_chance(run: RunLayers) -> Iterator[Finding]:
    """Yield that nothing was learned, with how far gradients fall from the outputs down."""
    chance, best = run.chance, run.best_accuracy
    if not chance or best is None or run.diverged_in:
        return
    if best > min(CHANCE_TIMES * chance, chance + CHANCE_SHARE * (1 - chance)):
        return
    sizes = {layer: log10_or_least(norm) for layer, norm in run.medians(GRADIENT_NORM).items()}
    ends = list(sizes)
    bottom, top = (ends[0], ends[-1]) if ends else ("", "")
    fall = sizes[top] - sizes[bottom] if ends else 0.0
    found = _finding(run, "at_chance", bottom, ends, best, other=top)
    yield replace(found, chance=chance, fall=fall)


def _gradients(run: RunLayers) -> Iterator[Finding]:
    """Yield what is found of gradient norms; layers stand from the inputs on."""
    if lost := run.lost_gradients():
        yield _finding(run, "nonfinite_gradients", lost[0], lost, float(len(lost)))
    greatest = run.greatest(GRADIENT_NORM)
    large = [layer for layer, norm in greatest.items() if norm >= LARGE_GRADIENT]
    if large and run.classifies:
        worst = max(large, key=lambda layer: greatest[layer])
        yield _finding(run, "large_gradients", worst, large, greatest[worst])
    sizes = {layer: log10_or_least(norm) for layer, norm in run.medians(GRADIENT_NORM).items()}
    if len(sizes) < 2:
        return
    bottom, top = next(iter(sizes)), next(reversed(sizes))
    orders = sizes[bottom] - sizes[top]
    if orders >= ORDERS:
        yield _finding(run, "exploding_gradients", bottom, list(sizes), orders, other=top)
    elif orders <= -ORDERS:
        layers = list(sizes)
        lowest = next(n for n, layer in enumerate(layers) if sizes[top] - sizes[layer] < ORDERS)
        yield _finding(
            run, "vanishing_gradients", bottom, layers[:lowest], -orders, top, layers[lowest]
        )


def _activations(run: RunLayers) -> Iterator[Finding]:
    sizes = {
        layer: log10_or_least(value) for layer, value in run.medians(ACTIVATION_DEVIATION).items()
    }
    if len(sizes) < 2:
        return
    bottom, top = next(iter(sizes)), next(reversed(sizes))
    orders = sizes[top] - sizes[bottom]
    if abs(orders) >= ORDERS:
        kind: Kind = "exploding_activations" if orders > 0 else "vanishing_activations"
        yield _finding(run, kind, top, list(sizes), abs(orders), other=bottom)


def _units(run: RunLayers) -> Iterator[Finding]:
    """Yield what units do after the last epoch."""
    dead = run.last(DEAD_SHARE)
    limits = [DEAD if place < LOW_LAYERS else DEAD_ABOVE for place in range(len(dead))]
    yield from _beyond(run, "dead_units", dead, limits)
    saturated = run.last(SATURATED_SHARE)
    yield from _beyond(run, "saturated_units", saturated, [SATURATED] * len(saturated))


def _updates(run: RunLayers) -> Iterator[Finding]:
    ratios = run.medians(UPDATE_RATIO)
    yield from _beyond(run, "large_updates", ratios, [LARGE_UPDATE] * len(ratios))
    small = [layer for layer, ratio in ratios.items() if ratio * run.updates < SMALL_MOVE]
    if small and run.updates >= FEWEST_UPDATES:
        worst = min(small, key=lambda layer: ratios[layer])
        yield _finding(run, "small_updates", worst, small, ratios[worst])


def _beyond(
    run: RunLayers, kind: Kind, values: Mapping[str, float], limits: Iterable[float]
) -> Iterator[Finding]:
    """Yield a finding of the layers whose value is at its limit or beyond."""
    pairs = zip(values, limits, strict=True)
    layers = [layer for layer, limit in pairs if values[layer] >= limit]
    if layers:
        worst = max(layers, key=lambda layer: values[layer])
        yield _finding(run, kind, worst, layers, values[worst])


def _finding(
    run: RunLayers,
    kind: Kind,
    layer: str,
    layers: Iterable[str],
    value: float,
    other: str = "",
    edge: str = "",
) -> Finding:
    return Finding(kind, layer, other, tuple(layers), edge, value, (run.seed,))
