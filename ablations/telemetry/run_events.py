"""The backend of a run's TensorBoard event file: one HParams session from start to end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ablations.study.expand import Run
from ablations.telemetry import hparams, summaries, tags
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.histograms import Buckets
from ablations.telemetry.summaries import Value
from ablations.telemetry.writer import NO_LAYERS, Layers

HPARAMS_MOST_STEP = 2**31 - 1
"""The greatest ``training_step`` of a metric in HParams, an int32; it answers 500 above."""


class RunEvents:
    """Writes a run's metrics as events; a context manager that closes the file."""

    def __init__(self, directory: Path, append_to: Path | None = None) -> None:
        self._file = EventFile(directory, append_to=append_to)

    def __enter__(self) -> RunEvents:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def start_session(
        self, run: Run, settings: Mapping[str, str | float | bool], stages: str
    ) -> None:
        """Write what is known before anything is trained.

        ``settings`` are the ablated ones, ``stages`` is a Markdown table or empty.
        """
        texts = [summaries.text(tags.STAGE_TEXT, stages)] if stages else []
        self._file.write(0, hparams.session_start(run, settings), *texts)

    def write_network(self, histograms: Mapping[str, Buckets], graph: bytes) -> None:
        """Write the network before its first epoch.

        ``histograms`` are of the initial weights, ``graph`` is a serialized ``GraphDef``.
        """
        self._file.write(0, *_values(histograms))
        if graph:
            self._file.write_graph(graph)

    def append(self, records: bytes) -> None:
        """Append what another training of the run's stages has recorded."""
        self._file.append(records)

    def write(
        self,
        step: int,
        scalars: Mapping[str, float],
        histograms: Mapping[str, Buckets],
        layers: Layers = NO_LAYERS,
    ) -> None:
        """Write the scalars that have a tag and a finite value, and the histograms."""
        self._file.write(
            step,
            *summaries.scalars(tags.of_epoch(scalars), scalars),
            *_values(histograms),
            *summaries.scalars(tags.STAGE_SCALARS, scalars),
            *_layer_scalars(layers),
        )

    def write_own(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write scalars that a user's own trainer has logged; see ``tags.own``."""
        self._file.write(step, *summaries.scalars(tags.own(scalars), scalars))

    def write_histograms(self, step: int, histograms: Mapping[str, Buckets]) -> None:
        """Write histograms, by tag."""
        self._file.write(step, *_values(histograms))

    def end_session(self, step: int, metrics: Mapping[str, float], completed: bool) -> None:
        """Write the final metrics and the end of the session.

        Where ``step`` is above 2³¹ − 1, they stand at that: HParams has no greater ones.
        """
        step = max(-HPARAMS_MOST_STEP, min(step, HPARAMS_MOST_STEP))
        final = [summaries.scalar(tags.final(name), value) for name, value in metrics.items()]
        self._file.write(step, *final, hparams.session_end(completed))


def _layer_scalars(layers: Layers) -> Iterator[Value]:
    for layer, values in layers.items():
        named = {name: tags.layer_scalar(name, layer) for name in tags.LAYER_SCALARS}
        yield from summaries.scalars(named, values)


def _values(histograms: Mapping[str, Buckets]) -> list[Value]:
    return [summaries.histogram(tag, buckets) for tag, buckets in histograms.items()]
