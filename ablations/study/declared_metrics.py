"""The metrics of a study: those that its arms' task has, and what the study says of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from ablations.errors import suggest
from ablations.study.frozen import Frozen
from ablations.study.metrics import Metric, logged_metric
from ablations.study.recipe import BaseRecipe, Recipe
from ablations.study.scores import PERCENT, SCORES, Direction, better_of

PERCENT_UNITS, POINTS = ("percent", PERCENT), "points"
"""Units of values from 0 to 100; points are one where the metric is a share elsewhere."""
GAP = "generalization_gap"
TOLERANCE = 1e-6
"""By which rounding may lift a share above 1."""


class DeclaredMetric(Frozen):
    """What a study says of a metric: of one that it brings, or of one that its task has."""

    better: Direction | None = None
    """Must be said of a metric that the study brings, unless its name tells: a loss, an error, an
    accuracy, a score."""
    unit: str = ""
    """``percent`` says that values are from 0 to 100, as those of an accuracy of 97.2%."""
    if_diverged: float | None = None
    """What a diverged run scores; null is what a guess scores, or else the worst of any run."""


def metrics_of(
    recipes: Sequence[BaseRecipe], declared: Mapping[str, DeclaredMetric]
) -> Mapping[str, Metric]:
    """Return the final metrics of some recipes by name, as a study declares them.

    The unit of ``test_x`` is that of ``validation_x`` and its summaries, too.
    """
    found: dict[str, Metric] = {}
    for recipe in recipes:
        found = {**recipe.final_metrics, **found}
    for name, own in declared.items():
        if name not in found:
            better = own.better or better_of(name) or "lower"
            found[name] = _in_unit(Metric(name, name.replace("_", " "), better), own.unit)
        else:
            in_percent = found[name].percent and own.unit in (*PERCENT_UNITS, POINTS)
            gap = (GAP,) if in_percent and found.get(GAP, found[name]).percent else ()
            for each in (*_kin(name), *gap, name):
                unit = declared.get(each, own).unit
                if each in found and unit:
                    found[each] = _in_unit(found[each], unit)
    return found


def _in_unit(metric: Metric, unit: str) -> Metric:
    """Return a metric in a declared unit; a share becomes a number from 0 to 100."""
    if unit not in PERCENT_UNITS and not (metric.percent and unit == POINTS):
        return replace(metric, unit=unit)
    guess = metric.if_diverged
    if guess is None or not metric.percent:
        return replace(metric, unit=PERCENT, percent=False)
    return replace(metric, unit=PERCENT, percent=False, if_diverged=lambda n: 100 * guess(n))


def shares_of(known: Mapping[str, Metric]) -> frozenset[str]:
    """Return the metrics that are shown as a percentage of 1, final ones and those of curves."""
    shares = {name for name, metric in known.items() if metric.percent}
    for split, score in itertools.product(("train", "validation"), SCORES):
        metric = logged_metric(f"{split}_{score}", known)
        shares |= {f"{split}_{score}"} if metric and metric.percent else set()
    return frozenset(shares)


def wrong_share(values: Mapping[str, float | None], shares: Collection[str]) -> str:
    """Return which of some values is no share though it is shown as one; empty without any."""
    for name, value in values.items():
        if name in shares and value is not None and 1 + TOLERANCE < abs(value) < math.inf:
            test = f"test_{name.partition('_')[2]}"
            declared = (
                test if name.startswith(("train_", "validation_")) and test in shares else name
            )
            return (
                f"{name} is {value:g} and would be shown as {value:.0%}; expected a share, from 0 "
                f"to 1, or in the study file metrics: {{{declared}: {{unit: percent}}}}"
            )
    return ""


def _kin(name: str) -> tuple[str, ...]:
    """Return what is in the unit of a test metric, too."""
    split, _, score = name.partition("_")
    ends = ("", "_best", "_last") if split == "test" else ()
    return (f"{name}_raw", *(f"validation_{score}{end}" for end in ends))


def _of_tasks(recipes: Sequence[BaseRecipe]) -> Mapping[str, Metric]:
    found: dict[str, Metric] = {}
    for recipe in recipes:
        if isinstance(recipe, Recipe):
            found = {**recipe.final_metrics, **found}
    return found


Wrong = tuple[tuple[str | int, ...], str]
"""Where in a study file, and what is wrong."""


def wrong_declarations(
    recipes: Sequence[BaseRecipe], declared: Mapping[str, DeclaredMetric]
) -> Iterator[Wrong]:
    """Yield what is wrong with what a study says of metrics."""
    known = _of_tasks(recipes)
    for name, own in declared.items():
        metric = (known or metrics_of(recipes, {})).get(name)
        if known and metric is None:
            yield ("metrics", name), f'unknown metric "{name}"; {suggest(name, known)}'
        elif metric is None and own.better is None and better_of(name) is None:
            yield ("metrics", name), "wants better: higher, or better: lower"
        elif metric is not None and own.better not in (None, metric.better):
            yield ("metrics", name, "better"), f"{name} is better {metric.better}; wants that"
        elif known and metric and metric.percent and own.unit in (*PERCENT_UNITS, POINTS):
            what = f"{name} is measured as a share, and shown in percent as it is; expected no unit"
            yield ("metrics", name, "unit"), what


def wrong_tasks(recipes: Mapping[str, BaseRecipe], metric: str) -> Iterator[Wrong]:
    """Yield what keeps arms from being compared: other tasks, or losses of another kind."""
    trained = {arm: recipe for arm, recipe in recipes.items() if isinstance(recipe, Recipe)}
    for arm, recipe in trained.items():
        first = next(iter(trained.values())).training
        if recipe.training.task is not first.task:
            other, title = first.task.title, recipe.training.task.title
            yield ("arms", arm), f"learns a {title}, another arm a {other}; wants one task"
        elif recipe.training.loss != first.loss and "_loss" in metric:
            yield (
                ("metric",),
                f"{metric} is of another loss in arm {arm}; wants a metric that all arms share, "
                f"such as test_{first.task.score}",
            )
            return
        elif metric not in _of_tasks([recipe]) and metric in _of_tasks(tuple(trained.values())):
            yield ("metric",), f"arm {arm} does not measure {metric}; wants it in its metrics"
