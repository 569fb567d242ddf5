"""The backends of ``metrics.jsonl`` and ``layers.jsonl``: one line a step, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ablations.ledger.lines import append_line
from ablations.ledger.records import append_epoch
from ablations.telemetry.histograms import Buckets
from ablations.telemetry.writer import NO_LAYERS, Layers


class JsonlWriter:
    """Appends scalars as a line of JSON, keys in the order given; it has no histograms."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self,
        step: int,
        scalars: Mapping[str, float],
        histograms: Mapping[str, Buckets],
        layers: Layers = NO_LAYERS,
    ) -> None:
        """Append one line; a value that is NaN or infinite becomes null."""
        append_epoch(self.path, {"epoch": step, **scalars})


class LayersWriter:
    """Appends the diagnostics of layers as a line of JSON; nothing where there are none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self,
        step: int,
        scalars: Mapping[str, float],
        histograms: Mapping[str, Buckets],
        layers: Layers = NO_LAYERS,
    ) -> None:
        """Append one line; a value that is NaN or infinite becomes null."""
        if layers:
            content = {"epoch": step, "updates": int(scalars["updates"]), "layers": layers}
            append_line(self.path, content)
