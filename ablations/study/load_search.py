"""Resolve a ``tune:`` block: every trial of every arm is checked before anything trains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ablations.study.declared_metrics import DeclaredMetric, metrics_of
from ablations.study.frozen import show
from ablations.study.recipes import AnyRecipe
from ablations.study.schema import NAME, NAME_WANTED
from ablations.study.search import Search, declared, seeds_apart, trial_name
from ablations.study.settings import change
from ablations.study.yaml_reader import Path as DataPath

VALIDATION = "validation_"
"""What the name of a metric begins with that is not of the test split."""
ResolvedArm = tuple[str, Mapping[str, Any], Any, AnyRecipe]
"""Name, changes, levels, recipe before tuning."""


def resolve_search(
    search: Search,
    seeds: Sequence[int],
    arms: Sequence[ResolvedArm],
    metrics: Mapping[str, DeclaredMetric],
    context: Mapping[str, Any],
    add: Callable[..., None],
) -> dict[str, Any] | None:
    """Return the data of a ``Tuning``; None after having added what is wrong with the block.

    ``metrics`` are those that the study declares.  The values are as the recipes hold them: ``1``
    where a number is wanted is ``1.0``, a technique has its defaults.
    """
    problems = [*search.problems(), *_contradictions(search, seeds, arms)]
    candidates = [] if problems else search.candidates()
    searched = [arm for arm in arms if not set(search.settings) & set(arm[1])]
    if not problems and not searched:
        problems.append((("settings",), "every arm declares it; wants an arm that is tuned"))
    if not problems:
        problems += _rejections(search, candidates, searched, context)
    trials = [] if problems else _resolved(candidates, searched[0][3], context)
    names = [trial["name"] for trial in trials]
    if not problems:
        problems += _wrong_names(search, names)
    for location, message in problems:
        add(("tune", *location), message)
    for location, message, other in () if problems else _same_names(search, candidates, names):
        add(("tune", *location), message, other=("tune", *other))
        problems.append((location, message))
    metric, wrong = _metric(search, [arm[3] for arm in arms], metrics)
    if wrong:
        add(("tune", "metric"), wrong)
        return None
    kept = {**search.model_dump(include={"search", "epochs"}), "metric": metric}
    own_seeds = search.seeds or seeds_apart(seeds)
    return None if problems else {**kept, "seeds": own_seeds, "trials": trials}


def _metric(
    search: Search, recipes: Sequence[AnyRecipe], declared: Mapping[str, DeclaredMetric]
) -> tuple[str, str]:
    """Return the metric that chooses, and what is wrong with it.

    What a trainer of the user's returns is known only as far as the study declares it.
    """
    known = [name for name in metrics_of(recipes, declared) if name.startswith(VALIDATION)]
    own = [name for name in declared if name.startswith(VALIDATION)]
    metric = search.metric
    if metric is None and recipes[0].brings_metrics:
        metric = own[0] if len(own) == 1 else None
        if metric is None:
            return "", (
                "wants the metric that chooses: what the trainer returns of a validation split, "
                f"declared under metrics: {', '.join(own) or 'validation_error, say'}"
            )
    metric = metric or f"{VALIDATION}{recipes[0].task.score}"
    if metric not in known:
        message = f'"{metric}" is not of the validation split; wants one of {", ".join(known)}'
        return metric, message
    return metric, ""


def _contradictions(
    search: Search, seeds: Sequence[int], arms: Sequence[ResolvedArm]
) -> Iterable[tuple[DataPath, str]]:
    shared = sorted(set(search.seeds or ()) & set(seeds))
    if shared:
        listed = ", ".join(map(str, shared))
        yield ("seeds",), f"the comparison uses {listed} too; wants seeds that it does not use"
    tunable = arms[0][3].tunable
    if search.epochs is not None and "training" not in tunable:
        yield ("epochs",), "the trainer has none that are known here; wants a setting in settings"
    for path in search.settings:
        section, _, rest = path.partition(".")
        if section not in tunable or not rest:
            known = " or ".join(f"{name}.…" for name in tunable)
            yield ("settings", path), f"wants a dotted path {known}"
    for name, changes, *_ in arms:
        own = [path for path in search.settings if declared(changes, path)]
        hidden = [path for path in own if path not in changes]
        if hidden:
            yield (
                ("settings", hidden[0]),
                f"arm {name} sets it inside a technique, which the search would overwrite; wants "
                f"it left out there, or a line of its own ({hidden[0]}: …) to hold the arm to it",
            )
        elif own and len(own) < len(search.settings):
            rest = next(path for path in search.settings if path not in own)
            yield (
                ("settings", own[0]),
                f"arm {name} declares it but not {rest}; wants all that is tuned, or none of it",
            )


def _rejections(
    search: Search,
    candidates: Sequence[Mapping[str, Any]],
    arms: Sequence[ResolvedArm],
    context: Mapping[str, Any],
) -> list[tuple[DataPath, str]]:
    """Return each value that a technique rejects, once, with the first arm that does."""
    rejections: dict[tuple[DataPath, str], str] = {}
    for name, _, _, recipe in arms:
        settings = recipe.model_dump(mode="json")
        for values in candidates:
            try:
                type(recipe).model_validate(change(settings, values), context=context)
            except ValidationError as error:
                for detail in error.errors():
                    message = str(detail["msg"])
                    location = _location(search, values, detail["loc"], message)
                    kind = message.partition(";")[0]  # what is known instead differs by arm
                    rejections.setdefault((location, kind), f"{message} (arm {name})")
    return [(location, message) for (location, _), message in rejections.items()]


def _location(
    search: Search, values: Mapping[str, Any], in_recipe: tuple[Any, ...], message: str
) -> DataPath:
    """Return where the block says what a recipe's validation complains of."""
    dotted = ".".join(str(part) for part in in_recipe if part != "[key]")
    of_path = message.startswith("unknown key")  # whatever its value
    for path, value in values.items():
        if f"{dotted}.".startswith(f"{path}.") or f"{path}.".startswith(f"{dotted}."):
            return ("settings", path) if of_path else _place(search, path, value)
    return ("settings",)


def _place(search: Search, path: str, value: Any, last: bool = False) -> DataPath:
    """Return where the block says a value: the first or last time in its list, or as a range."""
    space = search.settings[path]
    if not isinstance(space, tuple):
        return ("settings", path)
    places = [place for place, listed in enumerate(space) if listed == value]
    return ("settings", path, places[-1 if last else 0])


def _resolved(
    candidates: Sequence[Mapping[str, Any]], recipe: AnyRecipe, context: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the trials, their values as the recipe holds them."""
    settings = recipe.model_dump(mode="json")
    trials = []
    for values in candidates:
        tried = type(recipe).model_validate(change(settings, values), context=context)
        resolved = tried.model_dump(mode="json")
        held = {path: _value(resolved, path) for path in values}
        trials.append({"name": trial_name(held), "values": held})
    return trials


def _value(settings: Any, path: str) -> Any:
    for key in path.split("."):
        settings = settings[key]
    return settings


def _wrong_names(search: Search, names: Sequence[str]) -> Iterable[tuple[DataPath, str]]:
    wanted = search.trials or len(names)
    if len(names) < wanted:
        yield ("settings",), f"has only {len(names)} different trials, and {wanted} are asked for"
    for name in names:
        if not NAME.fullmatch(name):
            yield ("settings",), NAME_WANTED.format(show(name))


def _same_names(
    search: Search, candidates: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> Iterable[tuple[DataPath, str, DataPath]]:
    """Yield where trials would share a directory, and why; also where only case differs."""
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        twin = first.setdefault(name.casefold(), number)
        if twin == number:
            continue
        one, other = candidates[number], candidates[twin]
        places = ((_place(search, p, one[p], last=True), _place(search, p, other[p])) for p in one)
        whole: tuple[DataPath, DataPath] = ("settings",), ("settings",)
        at, twin_at = next((pair for pair in places if pair[0] != pair[1]), whole)
        message = f'two trials are called "{name}"; expected values whose names differ'
        if name != names[twin]:
            message = f'trial "{name}" shares its directory with "{names[twin]}"'
        yield at, message, twin_at
