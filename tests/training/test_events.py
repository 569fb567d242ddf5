"""The event file as TensorBoard's own loader reads it."""

from __future__ import annotations

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

from ablations.ledger.paths import EVENTS_PREFIX
from ablations.telemetry import tags

EPOCHS = 3


@pytest.fixture(scope="module")
def run(tensorflow, tmp_path_factory):
    """One run of three epochs, clipped and averaged, with relu and a loss scaler."""
    from tests.support.running import make_recipe, train_into

    changes = {
        "training.epochs": EPOCHS,
        "training.clipping": "by_global_norm",
        "training.weight_average": "ema",
        "training.precision": "mixed_float16",
        "model.activation": "relu",
    }
    return train_into(tmp_path_factory.mktemp("events") / "run", make_recipe(changes))


@pytest.fixture(scope="module")
def events(run):
    accumulator = EventAccumulator(str(run.directory.path), size_guidance={"tensors": 0})
    accumulator.Reload()
    return accumulator


def points(events, tag):
    if tag in events.Tags()["scalars"]:
        return [(event.step, event.value) for event in events.Scalars(tag)]
    return [
        (event.step, tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)
    ]


def test_there_is_one_event_file(run):
    names = [path.name for path in run.directory.path.iterdir() if "tfevents" in path.name]
    assert len(names) == 1
    assert names[0].startswith(EVENTS_PREFIX)


@pytest.mark.parametrize("key", tags.EPOCH_SCALARS)
def test_each_epoch_metric_is_a_line_with_its_epochs_as_steps(run, events, key):
    lines = run.epochs()
    got = points(events, tags.EPOCH_SCALARS[key])
    assert [step for step, _ in got] == [1, 2, 3]
    np.testing.assert_allclose([v for _, v in got], [line[key] for line in lines], rtol=1e-6)


def test_each_metric_of_the_result_is_a_final_scalar_at_the_last_epoch(run, events):
    for name, value in run.result.metrics.items():
        ((step, got),) = points(events, tags.final(name))
        assert step == EPOCHS
        assert float(got) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("layer", ["hidden1", "hidden2", "outputs"])
def test_weights_and_gradients_have_histograms(run, events, layer):
    size = {"hidden1": 64 * 8, "hidden2": 8 * 6, "outputs": 6 * 10}[layer]
    weights = points(events, tags.weight_histogram(layer))
    assert [step for step, _ in weights] == [0, 1, 2, 3]
    assert all(buckets[:, 2].sum() == size for _, buckets in weights)
    gradients = points(events, tags.gradient_histogram(layer))
    assert [step for step, _ in gradients] == [1, 2, 3]
    # three steps, less the gradients that are exactly zero: black pixels and silent units
    assert all(size < buckets[:, 2].sum() <= 3 * size for _, buckets in gradients)


def test_the_last_weight_histogram_spans_the_last_weights(run, events):
    _, buckets = points(events, tags.weight_histogram("hidden1"))[-1]
    kernel = run.weights()[0]
    assert (buckets[0, 0], buckets[-1, 1]) == (kernel.min(), kernel.max())
    counts, _ = np.histogram(kernel, bins=30)
    assert np.abs(buckets[:, 2] - counts).sum() <= 2


def test_activations_have_histograms_of_the_probe(run, events):
    got = points(events, tags.activation_histogram("hidden2"))
    assert [step for step, _ in got] == [0, 1, 2, 3]
    assert all(buckets[:, 2].sum() == 30 * 6 for _, buckets in got)  # 30 validation examples


def test_there_is_no_tag_that_nobody_declared(events):
    known = {tags.final(name) for name in ("test_accuracy_raw", "dead_unit_share")}
    known |= set(tags.EPOCH_SCALARS.values()) | {"_hparams_/session_start_info"}
    known |= {"_hparams_/session_end_info"}
    prefixes = ("final/", "layers/", "weight/", "unit_activation/", "gradient_log10/")
    found = {*events.Tags()["tensors"], *events.Tags()["scalars"]}
    assert known <= found
    assert all(tag in known or tag.startswith(prefixes) for tag in found)


def test_the_graph_names_the_layers(events):
    assert events.Tags()["graph"]
    parts = {p.removesuffix("_1") for node in events.Graph().node for p in node.name.split("/")}
    assert {"hidden1", "relu1", "hidden2", "outputs"} <= parts


def hparams(events, tag):
    metadata = events.SummaryMetadata(f"_hparams_/{tag}")
    assert metadata.plugin_data.plugin_name == "hparams"
    return plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)


def test_the_run_is_a_session_of_its_arms_group(events):
    start = hparams(events, "session_start_info").session_start_info
    assert start.group_name == "study/arm"
    assert start.hparams["arm"].string_value == "arm"
    assert "seed" not in start.hparams
    assert start.hparams["model.activation"].string_value == "elu"  # as the request says


def test_the_session_ends_well(events):
    assert hparams(events, "session_end_info").session_end_info.status == 1  # STATUS_SUCCESS
