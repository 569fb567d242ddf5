"""Layers chosen by a pattern: one regular expression for all that is about some layers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from ablations.study.frozen import problem


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise problem(f'"{value}" is no regular expression: {error}') from None
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression that a layer's whole name matches."""


def matches_none(pattern: str, names: Iterable[str], what: str) -> str | None:
    """Return what is wrong with a pattern that no name matches, None where one does.

    ``what`` says whose names they are: "layer with a kernel".
    """
    names = list(names)
    if any(re.fullmatch(pattern, name) for name in names):
        return None
    return f'"{pattern}" matches no {what}; Known: {", ".join(names)}'
