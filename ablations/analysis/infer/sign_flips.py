"""The sign-flip test: whether the mean of paired differences is more than chance.

Under the null hypothesis that arm and control are exchangeable, each dₛ is as likely to have come
out with the other sign; so the 2ⁿ ways to flip the signs are equally likely (Fisher 1935, §21).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_EXACT_PAIRS = 16
DRAWS = 100_000
_CHUNK = 10_000
_TIE = 1e-10
"""Sums nearer than this share of Σ|dₛ| are equal: their order of addition must not decide."""


def sign_flip_p_value(differences: Sequence[float]) -> float:
    """Return the two-sided p of the mean of ``differences``: the share of flips with |Σ| ≥ |Σ dₛ|.

    All 2ⁿ flips up to n = 16; from there on 100,000 draws with a fixed seed, the observed signs
    counted as one more, p = (b + 1)/(m + 1) (Phipson and Smyth 2010).  Wants n ≥ 1.
    """
    import numpy as np

    values = np.array(differences, dtype=np.float64)
    scale = np.abs(values).max()
    if scale == 0:
        return 1.0
    values /= scale  # no sum overflows
    observed = abs(values.sum()) - _TIE * np.abs(values).sum()
    if len(values) <= MOST_EXACT_PAIRS:
        return float(np.mean(np.abs(_every_flip(len(values)) @ values) >= observed))
    drawn = _drawn_flips(len(values))
    chunks = (drawn[start : start + _CHUNK] @ values for start in range(0, DRAWS, _CHUNK))
    as_extreme = sum(int(np.sum(np.abs(sums) >= observed)) for sums in chunks)
    return (as_extreme + 1) / (DRAWS + 1)


def smallest_p_value(pairs: int) -> float:
    """Return the smallest p that the test can give: 2/2ⁿ, or 1/(m + 1) of m draws."""
    return 2.0 ** (1 - pairs) if pairs <= MOST_EXACT_PAIRS else 1 / (DRAWS + 1)


@cache
def _every_flip(n: int) -> NDArray[np.float64]:
    """Return (2ⁿ⁻¹, n) signs, the first one +: a flip of all signs gives the same |Σ|."""
    import numpy as np

    patterns = np.arange(2 ** (n - 1))[:, None] >> np.arange(n) & 1
    return np.asarray(1.0 - 2.0 * patterns)


@lru_cache(maxsize=1)  # most arms of a study have as many pairs
def _drawn_flips(n: int) -> NDArray[np.int8]:
    """Return (DRAWS, n) signs as bytes; products with them are made a chunk at a time."""
    import numpy as np

    bits = np.random.default_rng(0).integers(0, 2, size=(DRAWS, n), dtype=np.int8)
    return np.asarray(1 - 2 * bits)
