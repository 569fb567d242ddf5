"""The backend of ``metrics.jsonl``: one line per step, for programs and the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ablations.ledger.records import append_epoch
from ablations.telemetry.histograms import Buckets


class JsonlWriter:
    """Appends scalars as a line of JSON, keys in the order given; it has no histograms."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self, step: int, scalars: Mapping[str, float], histograms: Mapping[str, Buckets]
    ) -> None:
        """Append one line; a value that is NaN or infinite becomes null."""
        append_epoch(self.path, {"epoch": step, **scalars})
