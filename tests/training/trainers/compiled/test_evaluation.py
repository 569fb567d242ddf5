"""Evaluation against NumPy, the averaged weights, and what is counted in the graph."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.telemetry.histograms import log10_buckets
from tests.reference import network
from tests.reference.histograms import octave_counts as slow_octave_counts


@pytest.fixture
def program(tensorflow, recipe):
    from ablations.data.catalog import read
    from ablations.training.trainers.compiled.program import Program

    chosen = recipe({"training.weight_average": {"name": "ema", "decay": 0.5}})
    program = Program(chosen, read("digits", None))
    program.reset(chosen, 0)
    return program


def some_split(count):
    from ablations.training.trainers.compiled.evaluation import Split

    generator = np.random.default_rng(count)
    features = generator.integers(0, 17, (count, 8, 8)).astype(np.uint8)
    labels = generator.integers(0, 10, count).astype(np.int32)
    return features, labels, Split.of(features, labels)


def answer(weights, features, labels):
    layers = network.forward(weights, features.reshape(len(features), 64) / 16.0, "elu")
    return network.loss_and_accuracy(layers[-1][1], labels)


def weights_of(program):
    return [variable.numpy().astype(np.float64) for variable in program.model.trainable_variables]


@pytest.mark.parametrize("count", [1, 7, 999, 1000, 1001, 2345])
def test_equals_numpy_whatever_the_number_of_examples(program, count):
    features, labels, split = some_split(count)
    loss, accuracy, correct = program.evaluation.run_each(split)
    wanted = answer(weights_of(program), features, labels)
    assert loss == pytest.approx(wanted[0], rel=1e-6)
    assert accuracy == wanted[1]
    layers = network.forward(weights_of(program), features.reshape(count, 64) / 16.0, "elu")
    assert correct.numpy().tolist() == (layers[-1][1].argmax(axis=1) == labels).tolist()


def test_the_averages_stand_in_for_the_weights_and_the_weights_come_back(program):
    features, labels, split = some_split(50)
    raw = [variable.numpy() for variable in program.model.trainable_variables]
    shadows = [(0.5 * array).astype(np.float32) for array in raw]
    for shadow, array in zip(program.average.shadows, shadows, strict=True):
        shadow.assign(array)
    with program.averaged_weights():
        loss, _ = program.evaluation.run(split)
    averaged = answer([shadow.astype(np.float64) for shadow in shadows], features, labels)[0]
    assert loss == pytest.approx(averaged, rel=1e-6)
    assert abs(averaged - answer(weights_of(program), features, labels)[0]) > 1e-3
    back = [variable.numpy() for variable in program.model.trainable_variables]
    assert all(one.tobytes() == other.tobytes() for one, other in zip(raw, back, strict=True))


def test_the_weights_come_back_after_an_error_too(program):
    raw = weights_of(program)
    for shadow in program.average.shadows:
        shadow.assign(shadow * 0)
    with pytest.raises(KeyError), program.averaged_weights():
        raise KeyError
    assert all(np.array_equal(a, b) for a, b in zip(raw, weights_of(program), strict=True))


def test_a_run_tests_with_the_averages_and_reports_the_raw_weights_beside(recipe, train):
    from ablations.data.catalog import read

    average = {"name": "ema", "decay": 0.7, "zero_debias": False}
    changes = {"training.weight_average": average, "training.optimizer.learning_rate": 0.5}
    trained = train(recipe({**changes, "training.epochs": 3}))
    data, state = read("digits", None), trained.state()
    shadows = [state[f"average/{n}"].astype(np.float64) for n in range(6)]
    raw = [weight.astype(np.float64) for weight in trained.weights()]
    metrics = trained.result.metrics
    loss, accuracy = answer(shadows, data.test_features, data.test_labels)
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-5)
    assert metrics["test_accuracy"] == accuracy
    raw_accuracy = answer(raw, data.test_features, data.test_labels)[1]
    assert metrics["test_accuracy_raw"] == raw_accuracy
    assert accuracy != raw_accuracy
    assert "validation_accuracy_raw" in trained.epochs()[0]


def test_octave_counts_equal_numpy_at_every_size_of_number(tensorflow):
    from ablations.training.trainers.compiled.measure import octave_counts

    generator = np.random.default_rng(0)
    values = 10 ** generator.uniform(-37, 37, 5000) * generator.choice([-1, 1], 5000)
    values[:100] = 0
    values[100:400] = 2.0 ** np.arange(-126, 128).repeat(2)[:300]  # on the edges
    values = values.astype(np.float32)
    counts = octave_counts(tensorflow.constant(values)).numpy()
    assert counts.sum() == 5000
    assert counts[0] == 100
    found = {place - 127: count for place, count in enumerate(counts) if count and place}
    assert found == slow_octave_counts(values)


def test_the_buckets_of_a_histogram_stand_where_the_numbers_are(tensorflow):
    from ablations.training.trainers.compiled.measure import octave_counts

    values = np.array([0, 0, 1e-6, 3e-6, -0.02, 0.5, 700, np.inf, np.nan], np.float32)
    buckets = log10_buckets(octave_counts(tensorflow.constant(values)).numpy())
    assert buckets[:, 2].sum() == 5  # neither zeros nor what is not finite
    for value in values[2:7]:
        inside = (buckets[:, 0] <= np.log10(abs(value))) & (np.log10(abs(value)) < buckets[:, 1])
        assert buckets[inside, 2].sum() == 1
    np.testing.assert_allclose(buckets[1:, 0], buckets[:-1, 1])
    assert buckets[0, 2] > 0
    assert buckets[-1, 2] > 0


def test_linear_counts_equal_numpy(tensorflow):
    from ablations.training.trainers.compiled.measure import linear_counts

    values = np.random.default_rng(1).normal(size=3000).astype(np.float32)
    counts, least, greatest = (part.numpy() for part in linear_counts(tensorflow.constant(values)))
    wanted, edges = np.histogram(values, bins=30)
    assert (least, greatest) == (values.min(), values.max())
    assert np.abs(counts - wanted).sum() <= 4
    assert counts.sum() == 3000
    assert edges[0] == least


def test_equal_values_fill_one_bucket(tensorflow):
    from ablations.training.trainers.compiled.measure import linear_counts

    counts, least, greatest = linear_counts(tensorflow.fill([12], 2.5))
    assert counts.numpy().max() == counts.numpy().sum() == 12
    assert float(least) == float(greatest) == 2.5


def test_a_unit_is_dead_if_it_is_zero_on_every_example(tensorflow):
    from ablations.training.trainers.compiled.measure import dead_share

    activations = np.array([[0, 1, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0]], np.float32)
    assert float(dead_share(tensorflow.constant(activations))) == 0.5


def test_dead_units_of_a_run_are_those_of_its_probe(recipe, train):
    changes = {"model.activation": "relu", "model.hidden": [40, 30]}
    trained = train(recipe({**changes, "training.optimizer.learning_rate": 2.0}))
    probe = trained.program.observer.probe
    share = trained.result.metrics["dead_unit_share"]
    assert share == trained.epochs()[-1]["dead_unit_share"]
    from ablations.data.catalog import read
    from ablations.data.split import split

    data = read("digits", None)
    _, validation = split(recipe(changes).data, len(data.train_labels), 0)
    layers = probe(np_to_tensor(data.train_features[validation]))
    wanted = np.mean([(np.asarray(layer.numpy()) == 0).all(axis=0).mean() for layer in layers])
    assert share == pytest.approx(wanted, abs=1e-6)
    assert 0 < share < 1


def np_to_tensor(pixels):
    import tensorflow

    return tensorflow.constant(pixels / 16.0, tensorflow.float32)
