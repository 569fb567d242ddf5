"""What theory and publications say of techniques comes out of whole trainings.

Each result is trained as a study would, from recipe to final metrics.  Bounds are those of theory
or of the publication that the docstring names, not of what was seen here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ablations.data.catalog import read

pytestmark = pytest.mark.slow

CHANCE = math.log(10)
"""Cross-entropy of ten classes that are all thought equally likely."""
RATE = "training.optimizer.learning_rate"
DIGITS: dict[str, Any] = {
    "data.validation": 300,
    "data.train_examples": 1000,
    "training.batch_size": 20,
    "training.epochs": 10,
    "telemetry.histograms_every_epochs": 0,
}


def deep(depth: int, activation: str, initializer: str) -> dict[str, Any]:
    """Return a network all of whose hidden layers are square: a digit has 64 pixels."""
    return {
        **DIGITS,
        "model.hidden": {"depth": depth, "width": 64},
        "model.activation": activation,
        "model.initializer": initializer,
    }


def learns(run: Any) -> bool:
    """Return whether a run ends below half of the loss of chance, on what it is trained on."""
    return run.result.status == "completed" and run.epochs()[-1]["train_loss"] < CHANCE / 2


def test_twenty_sigmoid_layers_stay_at_chance_where_elu_with_he_leaves_it(recipe, train):
    """Glorot and Bengio 2010; Clevert et al. 2015.

    A sigmoid's slope is at most 1/4 and Xavier's weights keep a signal's size, so that 20 layers
    pass on some 4⁻²⁰ of what tells two digits apart.  All get one answer, whose cross-entropy is
    at least the entropy of the classes (Gibbs), and which is right for one class alone.
    """
    labels = read("digits", None).test_labels
    shares = np.bincount(labels) / len(labels)
    sigmoid = train(recipe(deep(20, "sigmoid", "xavier_normal")))
    assert sigmoid.result.metrics["test_loss"] >= -(shares @ np.log(shares))
    assert np.isclose(shares, sigmoid.result.metrics["test_accuracy"]).any()
    elu = train(recipe(deep(20, "elu", "he_normal")))
    assert learns(elu)
    assert elu.result.metrics["test_accuracy"] > 2 * shares.max()


def test_thirty_relu_layers_stay_at_chance_with_xavier_and_leave_it_with_he(recipe, train):
    """He et al. 2015, figure 3: at 30 layers the error falls from their start alone.

    ReLU halves the mean square of a signal and Xavier's weights keep it, so that 2⁻¹⁵ of the
    signal arrives and as little of the gradient goes back: all digits get one answer.
    """
    longer = {"training.epochs": 25}
    xavier, he = (
        train(recipe({**deep(30, "relu", start), **longer}))
        for start in ("xavier_normal", "he_normal")
    )
    assert [e["train_loss"] for e in xavier.epochs()] == pytest.approx([CHANCE] * 25, rel=0.01)
    assert learns(he)


def test_batch_normalization_stretches_the_range_of_stable_rates_fivefold(recipe, train):
    """Ioffe and Szegedy 2015, section 4.2: five times the rate trains with it, else diverges."""

    def largest_stable(normalization: str | None) -> float:
        network = {**deep(10, "relu", "he_normal"), "model.normalization": normalization}
        rates = [0.01 * 5**step for step in range(5)]
        return max(rate for rate in rates if learns(train(recipe({**network, RATE: rate}))))

    assert largest_stable("batch_norm") >= 5 * largest_stable(None)


@pytest.mark.parametrize("seed", range(3))
def test_clipping_keeps_a_recurrent_network_from_diverging(recipe, train, seed):
    """Pascanu et al. 2013: a step along a clipped gradient is never longer than rate · threshold.

    At a rate of 1 the step of an ELU network, whose state nothing bounds, is as long as its
    gradient.
    """
    network = {"name": "rnn", "hidden": [32], "activation": "elu"}
    free = {**DIGITS, "model": network, "training.batch_size": 50, RATE: 1.0}
    clipped = {**free, "training.clipping": {"name": "by_global_norm", "threshold": 1.0}}
    assert train(recipe(free), seed).result.status == "diverged"
    assert learns(train(recipe(clipped), seed))


def test_the_moving_average_helps_more_at_batch_10_than_at_batch_500(recipe, train):
    """Polyak and Juditsky 1992; notes 001: it averages out the noise of the batches.

    The variance of a batch's gradient falls as 1/B.  Either is trained for 200 updates.
    """

    def mean_gain(batch_size: int) -> float:
        changes = {
            **DIGITS,
            "model.hidden": [64],
            "training.batch_size": batch_size,
            "training.epochs": 200 * batch_size // 1000,
            "training.weight_average": {"name": "ema", "decay": 0.98, "ramp": True},
            RATE: 0.3,
        }
        found = [train(recipe(changes), seed).result.metrics for seed in range(5)]
        return float(np.mean([m["test_accuracy"] - m["test_accuracy_raw"] for m in found]))

    small, large = mean_gain(10), mean_gain(500)
    assert small > 0
    assert small > large


def test_cached_outputs_of_frozen_layers_give_the_same_weights_in_less_time(recipe, train, show):
    """Notes 003: what frozen layers answer never changes, so that it need be computed but once.

    Outputs that are computed in other numbers at once may differ by rounding.
    """
    wide = {
        **DIGITS,
        "model.hidden": [1000, 1000, 20],
        "training.batch_size": 100,
        "training.epochs": 1,
    }
    source = train(recipe(wide))
    checkpoint = {"name": "checkpoint", "path": str(source.directory.final_state)}
    reused = {**wide, "transfer.source": checkpoint, "transfer.freeze": "hidden[12]"}
    transfer = {**reused, "training.epochs": 5}
    frozen, cached = (train(recipe({**transfer, "transfer.cache": c})) for c in (False, True))
    before, one, other = (run.weights() for run in (source, frozen, cached))
    bottom = slice(4)  # kernels and biases of two layers
    for start, end in zip(before[bottom], other[bottom], strict=True):
        assert start.tobytes() == end.tobytes()
    apart = max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
    moved = float(np.abs(one[4] - before[4]).max())
    seconds = [run.result.stages[-1].seconds for run in (frozen, cached)]
    show(
        f"a frozen bottom {seconds[0]:.3f} s, its outputs cached {seconds[1]:.3f} s; "
        f"final weights {apart:.1e} apart, moved by {moved:.1e}"
    )
    assert apart <= 1e-5 < 1e-3 < moved
    assert seconds[1] < seconds[0]
    accuracies = [run.result.metrics["test_accuracy"] for run in (frozen, cached)]
    assert abs(accuracies[0] - accuracies[1]) <= 1 / 360


def test_ftrl_with_l1_is_sparser_than_adam_with_l1(recipe, train):
    """McMahan et al. 2013: FTRL puts a weight at 0 where l1 outweighs the sum of its gradients.

    Adam's steps over 0 and back are as long as its rate η, so that of the weights near 0 a share
    of about 1e-6/η is seen within the 1e-6 that count as zero.  Its penalty acts at every step,
    FTRL's once on their sum.
    """
    strength, rate, updates = 5e-4, 1e-3, 500
    wide = {**DIGITS, "model.hidden": [100]}
    adam = {
        "training.optimizer": {"name": "adam", "learning_rate": rate},
        "training.regularization": {"name": "l1", "strength": strength},
    }
    ftrl = {
        "training.optimizer": {
            "name": "ftrl",
            "learning_rate": 0.05,
            "initial_accumulator_value": 1e-10,
            "l1_regularization_strength": strength * updates,
        }
    }
    by_adam, by_ftrl = (train(recipe({**wide, **optimizer})) for optimizer in (adam, ftrl))
    assert by_adam.result.updates == updates
    assert by_adam.result.metrics["weight_sparsity"] < 10 * 1e-6 / rate
    assert by_ftrl.result.metrics["weight_sparsity"] > 0.5
    assert learns(by_adam)
    assert learns(by_ftrl)
