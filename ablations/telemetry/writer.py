"""Where metrics go while a run trains: one protocol, one file per backend."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from ablations.telemetry.histograms import Buckets

Layers = Mapping[str, Mapping[str, float]]
"""Layer, from the inputs on → name of a metric (``study/layer_metrics.py``) → value."""
NO_LAYERS: Layers = MappingProxyType({})


class MetricWriter(Protocol):
    """Records what was measured at a step, and keeps nothing back: a killed process loses none."""

    def write(
        self,
        step: int,
        scalars: Mapping[str, float],
        histograms: Mapping[str, Buckets],
        layers: Layers = NO_LAYERS,
    ) -> None:
        """Record one step.

        ``scalars`` maps the name of a metric to its value, which may be NaN or infinite, as may
        those of ``layers``; ``histograms`` maps a tag to its buckets [K, 3].  A backend leaves
        out what it has no form for.
        """


class MetricWriters:
    """Several backends as one writer; they record in the order given."""

    def __init__(self, *backends: MetricWriter) -> None:
        self._backends = backends

    def write(
        self,
        step: int,
        scalars: Mapping[str, float],
        histograms: Mapping[str, Buckets],
        layers: Layers = NO_LAYERS,
    ) -> None:
        """Record one step in every backend."""
        for backend in self._backends:
            backend.write(step, scalars, histograms, layers)
