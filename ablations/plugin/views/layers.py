"""Gradient flow: what was recorded of each layer, epoch by epoch, and single histograms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ablations.analysis.infer.gradient_flow import GradientFlow, gradient_flow
from ablations.analysis.infer.orders import LEAST_LOG10, log10_or_least
from ablations.analysis.read.collect import Collected
from ablations.analysis.read.layers import LayerEpoch, LayerHistory
from ablations.errors import one_line, suggest
from ablations.ledger.paths import RunDirectory
from ablations.ledger.standing import Standing
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.requests import BadRequestError, arms_of, one_arm, whole_number
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.layer_metrics import GRADIENT_NORM, LAYER_METRICS, LayerMetric
from ablations.study.recipes import COMPILED

MEDIAN = "median"
SCALE_PERCENTILES = (2, 98)
AT_FIRST = 6
"""Arms that are shown where none are asked for."""


def layers(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return one number of each layer at each observed epoch, of some arms.

    ``seed`` names a run of each arm, one in training too, or ``median`` the median of the
    gradient norm over an arm's finished runs: what is shown at first, once there are some.
    """
    collected = study.collected()
    metric = _metric(arguments)
    seeds = sorted({standing.run.seed for standing in collected.standings})
    names = collected.study.arm_names
    wanted = arms_of(collected.study, arguments) if arguments.get("arms") else names[:AT_FIRST]
    asked = arguments.get("seed", "")
    maps: list[dict[str, Any]] = []
    if metric.name == GRADIENT_NORM and asked in ("", MEDIAN):
        maps = [_median(flow) for flow in gradient_flow(collected, wanted) if flow.epochs]
    shown = MEDIAN if maps else str(_seed(collected, seeds, asked))
    if not maps:
        runs = {s.run.arm: s.directory for s in collected.standings if str(s.run.seed) == shown}
        maps = [
            _map(arm, int(shown), study.memory.layers(runs[arm]), metric)
            for arm in wanted
            if arm in runs
        ]
    for each in maps:
        each["zero"] = [[_is_zero(value, metric) for value in row] for row in each["values"]]
    return {
        "metrics": [_described(each) for each in LAYER_METRICS.values()],
        "metric": _described(metric),
        "control": collected.study.control,
        "all_arms": names,
        "seeds": [*([MEDIAN] if metric.name == GRADIENT_NORM else []), *map(str, seeds)],
        "seed": shown,
        "maps": maps,
        "range": _range(maps, metric),
        "without": without_layers(collected),
    }


def _range(maps: Sequence[Mapping[str, Any]], metric: LayerMetric) -> dict[str, float] | None:
    """Return the scale of the colours: the 2nd to the 98th percentile of what the maps hold.

    So one dead arm leaves colours to the others.  Norms of 0 have a colour of their own.
    """
    import numpy as np

    values = [
        value
        for each in maps
        for row in each["values"]
        for value in row
        if value is not None and not _is_zero(value, metric)
    ]
    if not values:
        return None
    low, high = np.percentile(values, SCALE_PERCENTILES)
    return {"low": float(low), "high": float(high)}


def _is_zero(value: float | None, metric: LayerMetric) -> bool:
    return metric.logarithmic and value == LEAST_LOG10


def without_layers(collected: Collected) -> str:
    """Return why runs of a study may have no layers, by what trains them; or that none began."""
    kinds = {arm.recipe.kind for arm in collected.study.arms}
    if kinds == {COMPILED}:
        if not any(each.directory.path.is_dir() for each in collected.standings):
            return "No run has begun yet."
        return (
            "A run records its layers unless its study says telemetry: {histograms_every_epochs: "
            "0}; runs of versions before 0.6 did not."
        )
    if kinds == {KerasRecipe.kind}:
        return (
            "trainer: keras records no layers, but histograms of gradients and weights: in Time "
            "Series, gradient_log10 and weight."
        )
    return "Layers are recorded of runs that the compiled trainer trains, and of no others."


def _seed(collected: Collected, seeds: Sequence[int], asked: str) -> int:
    """Return the seed that is asked for; else the first that has layers, or the first."""
    if asked not in ("", MEDIAN):
        seed = whole_number({"seed": asked}, "seed")
        if seed is None or seed not in seeds:
            raise BadRequestError(f"no run has seed {one_line(asked)}")
        return seed
    having = (seed for seed in seeds if _has_layers(collected.standings, seed))
    return next(having, min(seeds, default=0))


def _median(flow: GradientFlow) -> dict[str, Any]:
    return {
        "arm": flow.arm,
        "seed": flow.seeds[0],  # whose histograms a cell opens
        "n": len(flow.seeds),
        "layers": flow.layers,
        "epochs": flow.epochs,
        "updates": flow.updates,
        "values": flow.log10_norms,
        "lost": [[value is None for value in row] for row in flow.log10_norms],
        "damage": "",
    }


def histogram(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the gradients of one layer at one epoch, from the run's event file."""
    collected = study.collected()
    arm = one_arm(collected.study, arguments)
    seed, epoch = whole_number(arguments, "seed"), whole_number(arguments, "epoch")
    layer = arguments.get("layer", "")
    found = [s for s in collected.standings if (s.run.arm, s.run.seed) == (arm, seed)]
    if not found or epoch is None:
        raise BadRequestError(f"{arm} has no run of that seed and epoch")
    by_step, damage = _histograms(study, found[0].directory, layer)
    if not by_step:
        return {"note": damage or "This run has no histograms of gradients in its event file."}
    step = min(by_step, key=lambda each: (abs(each - epoch), each))
    near = "" if step == epoch else f"The nearest that was written, of epoch {step}."
    return {"step": step, "buckets": by_step[step], "note": near}


def _histograms(
    study: OpenStudy, directory: RunDirectory, layer: str
) -> tuple[Mapping[int, Any], str]:
    """Return step → buckets of a layer, and why a file was read only in part."""
    by_step: dict[int, Any] = {}
    damage, known = "", set()
    for path in directory.events:
        if study.memory.leading_out(path):
            continue
        read = study.histograms.read(path)
        known |= set(read.by_layer)
        by_step |= read.by_layer.get(layer, {})
        damage = read.damage or damage
    if known and layer not in known:
        raise BadRequestError(f'no layer is called "{one_line(layer)}"; {suggest(layer, known)}')
    return by_step, damage


def _has_layers(standings: Iterable[Standing], seed: int) -> bool:
    return any(s.directory.layers.exists() for s in standings if s.run.seed == seed)


def _metric(arguments: Mapping[str, str]) -> LayerMetric:
    name = arguments.get("metric") or GRADIENT_NORM
    if name not in LAYER_METRICS:
        known = suggest(name, LAYER_METRICS)
        raise BadRequestError(f'unknown number of a layer "{one_line(name)}"; {known}')
    return LAYER_METRICS[name]


def _described(metric: LayerMetric) -> dict[str, Any]:
    axis = f"log10 of the {metric.label}" if metric.logarithmic else metric.label
    return {
        "name": metric.name,
        "label": metric.label,
        "axis": axis,
        "percent": metric.percent,
        "logarithmic": metric.logarithmic,
    }


def _map(arm: str, seed: int, history: LayerHistory, metric: LayerMetric) -> dict[str, Any]:
    """Return values [layers, epochs], logarithms where the metric spans orders of magnitude."""
    measured = {
        layer
        for epoch in history.epochs
        for layer in epoch.layers
        if metric.name in epoch.layers[layer] or metric.name in epoch.not_finite.get(layer, ())
    }
    ordered = dict.fromkeys(layer for epoch in history.epochs for layer in epoch.layers)
    names = [layer for layer in ordered if layer in measured]
    epochs = history.epochs if names else ()
    return {
        "arm": arm,
        "seed": seed,
        "n": 1,
        "layers": names,
        "epochs": [epoch.epoch for epoch in epochs],
        "updates": [epoch.updates for epoch in epochs],
        "values": [[_value(epoch, layer, metric) for epoch in epochs] for layer in names],
        "lost": [
            [metric.name in epoch.not_finite.get(layer, ()) for epoch in epochs] for layer in names
        ],
        "damage": history.damage,
    }


def _value(epoch: LayerEpoch, layer: str, metric: LayerMetric) -> float | None:
    value = epoch.layers.get(layer, {}).get(metric.name)
    return log10_or_least(value) if value is not None and metric.logarithmic else value
