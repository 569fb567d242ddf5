"""A training that is recorded in its directory epoch by epoch, and goes on where it was left."""

from __future__ import annotations

import time
from collections.abc import Callable

from ablations.errors import described
from ablations.ledger.paths import TrainingDirectory
from ablations.telemetry.jsonl import JsonlWriter, LayersWriter
from ablations.telemetry.run_events import RunEvents
from ablations.telemetry.writer import MetricWriter, MetricWriters
from ablations.training.checkpoint import UnusableError
from ablations.training.epoch_record import EpochRecord
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.trainer import Trainer
from ablations.training.training_state import TrainingState


class RecordedTraining:
    """A trainer at work in a directory; the caller holds the directory's lock."""

    def __init__(
        self,
        directory: TrainingDirectory,
        fingerprint: str,
        trainer: Trainer,
        fence: Callable[[], None],
    ) -> None:
        """``fence`` raises where the lock was lost; it is asked before anything is written."""
        self.directory, self.trainer, self.fence = directory, trainer, fence
        self.checkpoints = CheckpointManager(directory, fingerprint)
        self.restart_clock()

    def restart_clock(self) -> None:
        """Let the time that this process spends on the training begin now."""
        self._clock = time.perf_counter()

    @property
    def seconds(self) -> float:
        """What the training has taken so far, in earlier processes too."""
        return self.trainer.progress.seconds + time.perf_counter() - self._clock

    def restore_or_start(
        self, start: Callable[[tuple[str, ...]], None], from_scratch: bool = False
    ) -> None:
        """Go on from the checkpoint, or ``start`` in an empty directory, with notes on why."""
        notes: tuple[str, ...] = ()
        if not from_scratch:
            try:
                if self._restore():
                    return
            except UnusableError as error:
                notes = (f"started anew, as its checkpoint is of no use: {error}",)
        start(notes)

    def _restore(self) -> bool:
        """Restore the checkpoint of an interrupted training, if there is one."""
        saved = self.checkpoints.load(self.directory.resume)
        if saved is None:
            return False
        progress = saved.state.progress
        note = f"continued after epoch {progress.epochs} of {self.trainer.epochs}"
        state = saved.state.model_copy(update={"progress": progress.add_note(note)})
        try:
            self.trainer.restore(state, saved.arrays)
        except UnusableError:
            raise
        except Exception as error:  # what does not fit can fail anywhere: begin anew, never again
            raise UnusableError(f"it cannot be restored ({described(error)})") from None
        self.checkpoints.truncate_files(saved.files)
        return True

    def train(self, events: RunEvents) -> None:
        """Train and record what is left."""
        if not self.trainer.progress.epochs:
            shown = self.trainer.overview()
            events.write_network(shown.histograms, shown.graph)
        layers = LayersWriter(self.directory.layers)
        writer = MetricWriters(JsonlWriter(self.directory.metrics), layers, events)
        self.trainer.train(lambda record: self._on_epoch_end(record, writer))

    def _on_epoch_end(self, record: EpochRecord, writer: MetricWriter) -> None:
        self.fence()
        writer.write(record.epoch, record.scalars(), record.histograms, record.layers)
        if not (record.divergence or record.stopped_early):
            self.checkpoints.save_if_due(self.state, self.trainer.arrays)

    def state(self) -> TrainingState:
        """Return the state for a checkpoint, with the seconds that the training has taken."""
        state = self.trainer.state()
        progress = state.progress.model_copy(update={"seconds": self.seconds})
        return state.model_copy(update={"progress": progress})
