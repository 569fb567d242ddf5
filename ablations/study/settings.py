"""Dotted paths into nested settings: change them, flatten them, compare them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ablations.study.frozen import show
from ablations.study.yaml_reader import reads_as


def change(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``settings`` with each dotted path of ``changes`` set; neither of them is altered.

    A technique given by its bare name opens into a mapping when one of its parameters is set:
    ``optimizer: sgd`` and ``optimizer.learning_rate: 1`` give ``{name: sgd, learning_rate: 1}``.
    Shorter paths are applied first, so that a parameter adds to the technique beside it.
    """
    changed = dict(settings)
    for path in sorted(changes, key=lambda path: path.count(".")):
        *parents, last = path.split(".")
        inner = changed
        for key in parents:
            below = inner.get(key)
            if isinstance(below, str):
                below = {"name": below}
            inner[key] = dict(below) if isinstance(below, Mapping) else {}
            inner = inner[key]
        inner[last] = changes[path]
    return changed


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dotted path → leaf; lists are leaves."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{path}."))
        else:
            flat[path] = value
    return flat


def name_the_absent(flats: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return flat settings where a technique that one does without is called ``none``.

    ``clipping: null`` beside ``clipping.name: by_norm`` reads ``clipping.name: none``.
    """
    named = {path for flat in flats for path in flat if path.endswith(".name")}

    def align(path: str, value: Any) -> tuple[str, Any]:
        absent = value is None and f"{path}.name" in named
        return (f"{path}.name", "none") if absent else (path, value)

    return [dict(align(path, value) for path, value in flat.items()) for flat in flats]


ABSENT = "(absent)"


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return dotted path → (value in ``one``, value in ``other``) wherever the two differ."""
    left, right = name_the_absent([flatten(unequal) for unequal in _unequal(one, other)])
    sections = {path.rpartition(".")[0] for path in (*left, *right)}  # null where one is lacking
    pairs = {p: (left.get(p, ABSENT), right.get(p, ABSENT)) for p in {**left, **right}}
    return {
        path: pair
        for path, pair in pairs.items()
        if repr(pair[0]) != repr(pair[1])  # 1 equals True and 1.0
        and not (path in sections and all(x is None or x == ABSENT for x in pair))
    }


def _unequal(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both without the entries that are equal: recipes differ in few of many."""
    keys = [
        key
        for key in {**one, **other}
        if key not in one or key not in other or repr(one[key]) != repr(other[key])
    ]
    left = {key: one[key] for key in keys if key in one}
    right = {key: other[key] for key in keys if key in other}
    for key in left.keys() & right.keys():
        if isinstance(left[key], Mapping) and isinstance(right[key], Mapping):
            left[key], right[key] = _unequal(left[key], right[key])
    return left, right


def undeclared(
    base: Mapping[str, Any], arm: Mapping[str, Any], changes: Collection[str]
) -> list[str]:
    """Return the dotted paths in which an arm differs from the base without declaring it.

    ``changes`` are the dotted paths that it declares.

    Declaring a path declares what is below it; declaring a technique's name, its parameters; and
    declaring part of a section that the base lacks (null), the section with its defaults.
    """
    opened = [path for own in changes for path in _lacking_above(base, own)]
    declared = [f"{path.removesuffix('.name')}." for path in [*changes, *opened]]
    return [
        path
        for path in differences(base, arm)
        if not any(f"{path}.".startswith(own) or own.startswith(f"{path}.") for own in declared)
    ]


def _lacking_above(settings: Mapping[str, Any], path: str) -> list[str]:
    """Return the section above a dotted path that is null in the settings, if one is."""
    parents: list[str] = []
    inside: Any = settings
    for key in path.split(".")[:-1]:
        if not isinstance(inside, Mapping) or key not in inside:
            return []
        parents, inside = [*parents, key], inside[key]
        if inside is None:
            return [".".join(parents)]
    return []


def short(value: Any) -> str:
    """Show one setting in a few characters; twenty equal layers read ``20 × 100``.

    Text that could be read as a number, a boolean or null stands in quotes.
    """
    if isinstance(value, (list, tuple)):
        if len(value) > 2 and len(set(map(str, value))) == 1:
            return f"{len(value)} × {value[0]}"
        return "[" + ", ".join(short(item) for item in value) + "]"
    if isinstance(value, str):
        return value if reads_as(value) is None else f'"{value}"'
    return show(value)


def short_value(value: Any) -> str:
    """Show one setting that may be a technique, by its name and parameters."""
    if not isinstance(value, Mapping):
        return short(value)
    rest = [f"{key} {short(inner)}" for key, inner in flatten(value).items() if key != "name"]
    return " ".join([short(value.get("name", "")), *([f"({', '.join(rest)})"] if rest else [])])
