"""Resolve what a study file says of metrics: what it leaves open is its task's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ablations.errors import suggest
from ablations.study.declared_metrics import metrics_of, wrong_declarations, wrong_tasks
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.metrics import Metric
from ablations.study.recipe import BaseRecipe, Recipe
from ablations.study.scores import better_of
from ablations.study.study_file import StudyFile
from ablations.study.yaml_reader import Path as DataPath


def resolve_metrics(
    raw: StudyFile,
    arms: Mapping[str, BaseRecipe | None],
    add: Callable[[DataPath, str, bool], None],
) -> dict[str, Any]:
    """Return the metric, claims and scores of diverged runs of a study; add what is wrong."""
    recipes = {name: recipe for name, recipe in arms.items() if recipe is not None}
    if not recipes:
        return {}  # what their task has is not known
    every = list(recipes.values())
    score = f"test_{every[0].task.score}"
    metric = raw.metric or score
    for place, message in wrong_declarations(every, raw.metrics):
        add(place, message, len(place) == 2)
    for place, message in wrong_tasks(recipes, metric):
        add(place, message, False)
    known, on = metrics_of(every, raw.metrics), [claim.on or score for claim in raw.claims]
    named: list[tuple[DataPath, str]] = [(("metric",), metric)]
    named += [(("claims", number, "on"), name) for number, name in enumerate(on)]
    named += [(("if_diverged", name), name) for name in raw.if_diverged]
    for place, name in named:
        if name not in known:
            add(place, _unknown(name, known, raw, every[0]), False)
    percent = known[score].percent
    if raw.target is not None and percent and not 0 < raw.target <= 1:
        bound = "≤ 1.0" if raw.target > 1 else "> 0.0"
        message = f"wants a number {bound}, got {raw.target:g}"
        add(("target",), message, False)
    stated = {n: m.if_diverged for n, m in raw.metrics.items() if m.if_diverged is not None}
    claims = [{**c.model_dump(), "on": name} for c, name in zip(raw.claims, on, strict=True)]
    return {
        "metric": metric,
        "claims": tuple(claims),
        "if_diverged": {**raw.if_diverged, **stated},
    }


def _unknown(name: str, known: Mapping[str, Metric], raw: StudyFile, recipe: BaseRecipe) -> str:
    """Return the line about a metric that nothing declares.

    Where the user's own code measures, only what the study declares is known, and for Keras's
    ``fit`` what ``evaluate`` gives.
    """
    if isinstance(recipe, Recipe):
        return f'unknown metric "{name}"; {suggest(name, known)}'
    of_fit = ("test_", "validation_") if isinstance(recipe, KerasRecipe) else ()
    measured = [n for n in known if n.startswith(of_fit) and not n.endswith("_raw")]
    declared = f"{{{name}: {{better: {better_of(name) or 'higher'}}}}}"
    near = suggest(name, {*raw.metrics, *measured})
    return (
        f'unknown metric "{name}"; {near}; any other is declared under metrics, such as {declared}'
    )
