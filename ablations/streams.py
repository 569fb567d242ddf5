"""Named random streams: one technique's draws never shift another's.

Every draw is keyed by the run's seed, the stream's number and whatever else tells draws apart
(an epoch, a layer's name), so it depends on nothing that was drawn before it.
"""

from __future__ import annotations

import zlib
from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What the draws are for.  Numbers are part of every result: add, never renumber."""

    SPLIT = 1
    ORDER = 2
    INITIAL_WEIGHTS = 3
    DROPOUT = 4
    AUGMENTATION = 5
    PAIRS = 6


def generator(seed: int, stream: Stream, *keys: int | str) -> np.random.Generator:
    """Return the generator of one stream of one run."""
    numbers = [key if isinstance(key, int) else zlib.crc32(key.encode()) for key in keys]
    return np.random.default_rng([seed, int(stream), *numbers])


def integer_seed(seed: int, stream: Stream, *keys: int | str) -> int:
    """Return a 31-bit seed for a library that draws by itself, for instance Keras."""
    return int(generator(seed, stream, *keys).integers(2**31 - 1))
