"""Programs of others that read event files find every scalar of a run."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.ledger.paths import RunsDirectory
from ablations.telemetry import tags
from tests.support.synthetic_events import write_events
from tests.support.synthetic_runs import make_study

EPOCHS = 4
SEEDS = (0, 1, 2)
READ = ("train_loss", "validation_accuracy", "gradient_norm_before_clipping")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> RunsDirectory:
    runs = tmp_path_factory.mktemp("read") / "runs"
    write_events(runs, make_study(("sigmoid", "elu"), len(SEEDS)), EPOCHS)
    return RunsDirectory(runs)


def recorded(written: RunsDirectory, seed: int, metric: str) -> list[float]:
    from ablations.ledger.records import read_history

    lines = read_history(written.run("activations", "elu", seed).metrics)
    return [float(line[metric] or 0) for line in lines]


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, which tbparse uses
def test_tbparse_reads_curves_final_metrics_layers_and_bands(written: RunsDirectory) -> None:
    reason = "wants tbparse: pip install -r requirements-readers.lock"
    reader = pytest.importorskip("tbparse", reason=reason).SummaryReader
    scalars = reader(str(written.run("activations", "elu", 1).path)).scalars
    for metric in READ:
        found = scalars[scalars["tag"] == tags.EPOCH_SCALARS[metric]]
        assert list(found["step"]) == list(range(1, EPOCHS + 1))
        np.testing.assert_allclose(found["value"], recorded(written, 1, metric), rtol=1e-6)
    named = set(scalars["tag"])
    assert {tags.final("test_accuracy"), tags.layer_scalar("gradient_norm", "hidden1")} <= named
    bands = reader(str(written.summary("activations", "elu"))).scalars
    mean = bands[bands["tag"] == tags.band("validation_accuracy", "mean")]["value"]
    curves = [recorded(written, seed, "validation_accuracy") for seed in SEEDS]
    np.testing.assert_allclose(mean, np.mean(curves, axis=0), rtol=1e-6)


def test_tensorboard_reducer_averages_the_seeds_of_an_arm(written: RunsDirectory) -> None:
    reason = "wants tensorboard-reducer: pip install -r requirements-readers.lock"
    reducer = pytest.importorskip("tensorboard_reducer", reason=reason)
    paths = [str(written.run("activations", "elu", seed).path) for seed in SEEDS]
    events = reducer.load_tb_events(paths, verbose=False)
    reduced = reducer.reduce_events(events, ["mean"], verbose=False)["mean"]
    for metric in READ:
        curves = [recorded(written, seed, metric) for seed in SEEDS]
        found = reduced[tags.EPOCH_SCALARS[metric]]
        np.testing.assert_allclose(found, np.mean(curves, axis=0), rtol=1e-6)
