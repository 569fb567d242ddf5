"""Sweeps over everything there is: a third of them every day, all in ``.ci/run``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

SHARE = 3


def a_third_every_day(cases: Iterable[Any], ids: Iterable[str]) -> list[Any]:
    """Return the cases for ``parametrize``, two of three marked slow; a tuple is one case."""
    marks = ((), *(SHARE - 1) * (pytest.mark.slow,))
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)), id=name, marks=marks[n % SHARE]
        )
        for n, (case, name) in enumerate(zip(cases, ids, strict=True))
    ]
