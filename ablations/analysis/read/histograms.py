"""The histograms of gradients that a run's event file holds: no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ablations.files import Stamp, stamp_of

GRADIENTS = "gradient_log10/"
"""What precedes the layer in the tag of a histogram of log10 |gradient|."""

Buckets = tuple[tuple[float, float, float], ...]
"""Left edge, right edge and count of each bucket."""
MOST_FILES = 8


@dataclass(frozen=True)
class Histograms:
    """Those of one event file."""

    stamp: Stamp
    by_layer: Mapping[str, Mapping[int, Buckets]]
    """Layer → step → buckets, in units of log10."""
    damage: str
    """Why the file was read only in part; empty where all of it was."""


class HistogramReader:
    """Reads event files, the last ones again only when they have grown."""

    def __init__(self) -> None:
        self._known: dict[Path, Histograms] = {}

    def read(self, path: Path) -> Histograms:
        """Return the histograms of gradients in one event file.

        Raises:
            OSError: it cannot be read.
        """
        stamp, known = stamp_of(path), self._known.pop(path, None)
        if known is None or known.stamp != stamp:
            known = _read(path, stamp)
        self._known[path] = known  # the last one used stands last
        for oldest in list(self._known)[:-MOST_FILES]:
            del self._known[oldest]
        return known


def _read(path: Path, stamp: Stamp) -> Histograms:
    from tensorboard.util import tensor_util

    from ablations.ledger.event_records import DamagedError, read_events

    found: dict[str, dict[int, Buckets]] = {}
    damage = ""
    try:
        for event in read_events(path):
            for value in event.summary.value:
                if value.tag.startswith(GRADIENTS) and value.HasField("tensor"):
                    buckets = tensor_util.make_ndarray(value.tensor)
                    if buckets.ndim == 2 and buckets.shape[1] == 3:
                        layer = value.tag.removeprefix(GRADIENTS)
                        rows = tuple(map(tuple, buckets.tolist()))
                        found.setdefault(layer, {})[event.step] = rows  # a resumed one comes last
    except (DamagedError, ValueError, TypeError) as error:
        damage = str(error)
    return Histograms(stamp, found, damage)
