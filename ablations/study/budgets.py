"""What may be asked for at most.  Each size is held against its budget before anything is made."""

from __future__ import annotations

MOST = 10**9
"""Of anything that is counted: epochs, rows of a batch, units of a layer."""
MOST_LAYERS = 1_000
"""Of one network, which Keras takes a minute to build."""
MOST_PARAMETERS = 2 * 10**9
"""Trainable numbers of a network: 8 GB, three times that with Adam's moments."""
MOST_SEED = 2**63 - 1
"""What a 64-bit integer holds."""
MOST_SEEDS = 10_000
MOST_ARMS = 1_000
MOST_TRIALS = 1_000
"""Of the search of one arm."""
MOST_PARTS = 100
"""Of a study that spans several data sets."""
MOST_RUNS = 50_000
"""Of one study, trials included: `status` reads so many in half a minute."""
MOST_WORKERS = 1_024
MOST_DEVICES = 64
"""Of one run."""


def too_many(what: str, count: int, most: int) -> str:
    """Return ``100000000 arms; wants at most 1000``."""
    number = str(count) if count < 10**15 else f"about 1e{len(str(count)) - 1}"
    return f"{number} {what}; wants at most {most}"
