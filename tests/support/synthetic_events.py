"""Event files as training would leave them, without training: curves, layers and histograms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ablations.execution.study_files import keep, summarize
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import append_epoch
from ablations.study.expand import Run
from ablations.study.schema import Study
from ablations.study.variation import run_settings
from ablations.telemetry import tags
from ablations.telemetry.histograms import linear_buckets
from ablations.telemetry.run_events import RunEvents
from tests.support.synthetic_runs import SyntheticStudy

LAYERS = ("hidden1", "hidden2", "hidden3", "outputs")


def write_events(runs: Path, study: Study, epochs: int = 8) -> SyntheticStudy:
    """Write a study and its runs; the first arm learns nothing, the others end close together."""
    made = SyntheticStudy(runs, study)
    keep(study, RunsDirectory(runs))
    draw = np.random.default_rng(0)
    for place, arm in enumerate(study.arm_names):
        for seed in study.seeds:
            end = 0.1 if place == 0 else 0.85 + 0.005 * place + draw.normal(0, 0.002)
            ramp = 1 - np.exp(-np.arange(1, epochs + 1))
            curve = (0.1 + (end - 0.1) * ramp + draw.normal(0, 0.001, epochs)).tolist()
            made.add(arm, seed, curve[-1], curve)
            _record(made, Run(study.study, arm, seed, study.arm(arm).recipe), curve, draw)
    digests = {study.base.data: "digest"}
    summarize(study, RunsDirectory(runs), digests)
    return made


def _record(made: SyntheticStudy, run: Run, curve: list[float], draw: np.random.Generator) -> None:
    directory = made.directory(run.arm, run.seed)
    (settings,) = run_settings(made.study, [run])
    directory.metrics.unlink()
    with RunEvents(directory.path) as events:
        events.start_session(run, settings, "")
        for epoch, value in enumerate(curve, start=1):
            scalars = {
                "updates": 100 * epoch,
                "train_loss": 2.5 * (1 - value),
                "train_accuracy": value + 0.01,
                "validation_loss": 2.6 * (1 - value),
                "validation_accuracy": value,
                "learning_rate": 0.01,
                "gradient_norm_before_clipping": 1.5 - value,
            }
            append_epoch(directory.metrics, {"epoch": epoch, **scalars})
            counts = draw.multinomial(1000, np.full(30, 1 / 30))
            histograms = {
                tag(layer): linear_buckets(counts, -1.0, 1.0)
                for layer in LAYERS
                for tag in (
                    tags.gradient_histogram,
                    tags.activation_histogram,
                    tags.weight_histogram,
                )
            }
            layers = {
                layer: {"gradient_norm": (2 - value) * 10.0**-place, "update_ratio": 1e-3}
                for place, layer in enumerate(reversed(LAYERS))
            }
            events.write(epoch, scalars, histograms, layers)
        final = {"test_accuracy": curve[-1] - 0.01, "validation_accuracy_best": max(curve)}
        events.end_session(len(curve), final, completed=True)
