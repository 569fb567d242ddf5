"""What one epoch of the compiled loop measured: a row a step, and counts of gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCORE = "train_score"
STEP_COLUMNS = (
    "train_loss",
    SCORE,
    "share_of_steps_clipped",
    "gradient_norm_before_clipping",
    "gradient_norm_after_clipping",
)
"""What is measured of a step; the norms of sampled steps only, NaN elsewhere."""
COLUMNS_OF_EVERY_STEP = 3  # a pass over all gradients at every step would be too slow


@dataclass(frozen=True)
class EpochTrace:
    """What one epoch measured."""

    steps: NDArray[np.float32]
    """[steps done, len(STEP_COLUMNS)], the loss without penalties.

    Fewer steps than asked for where the loss became NaN or infinite.
    """
    gradient_counts: NDArray[np.int32]
    """[layers, OCTAVES], over the sampled steps."""
    sampled: NDArray[np.bool_]
    """[steps done]: whose gradients were measured."""
    layer_columns: NDArray[np.float32]
    """[sampled steps, len(LAYER_COLUMNS) · layers]: see ``step_layers.layer_means``."""
    skipped: NDArray[np.bool_]
    """[steps done]: those without an update, as a gradient was not finite; none is measured."""
    loss_scale: float | None = None
    """The factor of the loss after the last step; None where it has none."""

    @property
    def updates(self) -> int:
        """How many steps updated the weights."""
        return len(self.steps) - int(self.skipped.sum())

    @property
    def diverged(self) -> bool:
        """Whether the loss of the last step was not finite."""
        return not bool(np.isfinite(self.steps[-1, 0]))

    def means(self, score: str = "accuracy") -> dict[str, float]:
        """Return the mean of each column, summed in double precision; ``score`` has its name.

        Over all steps; of the norms over the sampled ones, and left out where there is none.
        """
        steps = self.steps.astype(np.float64)
        columns = dict(
            zip(
                STEP_COLUMNS[:COLUMNS_OF_EVERY_STEP],
                steps[:, :COLUMNS_OF_EVERY_STEP].mean(axis=0),
                strict=True,
            )
        )
        if self.sampled.any():
            norms = steps[self.sampled, COLUMNS_OF_EVERY_STEP:].mean(axis=0)
            columns |= dict(zip(STEP_COLUMNS[COLUMNS_OF_EVERY_STEP:], norms, strict=True))
        if self.loss_scale is not None:
            columns |= {"steps_skipped": self.skipped.sum(), "loss_scale": self.loss_scale}
        names = {SCORE: f"train_{score}"}
        return {names.get(name, name): float(value) for name, value in columns.items()}
