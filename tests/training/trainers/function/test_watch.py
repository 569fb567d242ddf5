"""``run.watch``: what TensorBoard itself reads of a model that a user's function trains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from ablations.ledger.paths import RunDirectory
from ablations.telemetry.run_events import RunEvents
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.function.checkpoint import FunctionCheckpoint
from ablations.training.trainers.function.run import Run


class Tensor:
    """What of a PyTorch tensor is asked for."""

    def __init__(self, values: Any, grad: Any = None) -> None:
        self.values, self.grad = np.asarray(values, np.float64), grad

    @property
    def ndim(self) -> int:
        return self.values.ndim

    def detach(self) -> Tensor:
        return self

    cpu = detach

    def float(self) -> Any:
        return self.values.astype(np.float32)


class Network:
    """A model as PyTorch has them."""

    def __init__(self) -> None:
        draw = np.random.default_rng(0)
        self.kernel = Tensor(draw.normal(size=(4, 3)), Tensor(np.full((4, 3), 1e-3)))
        self.frozen = Tensor(np.ones((2, 2)))

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        yield "layers.0.weight", self.kernel
        yield "layers.0.bias", Tensor(np.zeros(3), Tensor(np.ones(3)))
        yield "head.weight", self.frozen


@pytest.fixture
def place(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def logged(place: RunDirectory, model: Any, steps: int, every: int = 1) -> EventAccumulator:
    checkpoint = FunctionCheckpoint(CheckpointManager(place, "f"), lambda: 0, 0.0)
    with RunEvents(place.path) as events:
        run = Run({}, 0, place, checkpoint, events)
        run.watch(model, every)
        for step in range(steps):
            run.log(step, loss=1 / (step + 1))
    return EventAccumulator(str(place.path), {"tensors": 0}).Reload()


def buckets(found: EventAccumulator, tag: str) -> list[tuple[int, Any]]:
    """Return step and [K, 3]: left edge, right edge, count."""
    return [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in found.Tensors(tag)]


def test_weights_and_gradients_of_a_pytorch_model(place: RunDirectory) -> None:
    model = Network()
    found = logged(place, model, steps=3, every=2)
    tags = {tag for tag in found.Tags()["tensors"] if "/" in tag}
    assert {"weight/layers.0", "weight/head", "gradient_log10/layers.0"} <= tags
    assert not {tag for tag in tags if "bias" in tag or tag == "gradient_log10/head"}
    weights = buckets(found, "weight/layers.0")
    assert [step for step, _ in weights] == [0, 2]
    counted = weights[0][1]
    values = model.kernel.values.astype(np.float32)
    assert counted[:, 2].sum() == values.size
    assert counted[0, 0] == pytest.approx(values.min())
    assert counted[-1, 1] == pytest.approx(values.max())
    (low, high, count), *rest = buckets(found, "gradient_log10/layers.0")[0][1]
    assert (low <= -3 <= high, count, rest) == (True, 12, [])


def test_weights_of_a_keras_model_untouched(tensorflow: ModuleType, place: RunDirectory) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, name="first")])
    before = model.get_weights()
    found = logged(place, model, steps=2)
    ((first, counted), (second, _)) = buckets(found, "weight/sequential/first")
    assert (first, second, counted[:, 2].sum()) == (0, 1, 15)
    for kept, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)


@pytest.mark.parametrize(
    ("model", "every", "message"),
    [([1, 2], 1, "wants a model of Keras or PyTorch, got list"), (Network(), 0, "every: wants")],
)
def test_what_cannot_be_watched_is_said_at_once(
    place: RunDirectory, model: Any, every: int, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        logged(place, model, 1, every)
