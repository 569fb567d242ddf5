"""Histograms of a model that a user's function trains: of Keras's, or of PyTorch's.

Both are told by what they offer, so that neither library is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.telemetry import tags
from ablations.telemetry.histograms import Buckets, buckets_of, log10_buckets_of


class Watched:
    """One model, looked at every so many times."""

    def __init__(self, model: Any, every: int) -> None:
        """Raises TypeError where the model has neither layers nor named parameters."""
        if not (hasattr(model, "named_parameters") or hasattr(model, "layers")):
            kind = type(model).__name__
            raise TypeError(f"run.watch: wants a model of Keras or PyTorch, got {kind}")
        if every < 1:
            raise ValueError(f"run.watch: every: wants a whole number ≥ 1, got {every}")
        self._model, self._every, self._times = model, every, 0

    def histograms(self) -> Mapping[str, Buckets]:
        """Return tag → buckets, where it is time for them."""
        self._times += 1
        if (self._times - 1) % self._every:
            return {}
        found: dict[str, Buckets] = {}
        for name, weight, gradient in _arrays(self._model):
            found[tags.weight_histogram(name)] = buckets_of(weight)
            if gradient is not None:
                found[tags.gradient_histogram(name)] = log10_buckets_of(gradient)
        return found


Array = NDArray[Any]


def _arrays(model: Any) -> Iterator[tuple[str, Array, Array | None]]:
    """Yield name, weights and gradients of each kernel; the gradients where they are known."""
    if hasattr(model, "named_parameters"):
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                gradient = parameter.grad
                own = name.removesuffix(".weight")
                yield own, _numpy(parameter), None if gradient is None else _numpy(gradient)
        return
    for weight in model.trainable_weights:
        if len(weight.shape) > 1:
            *layers, last = weight.path.split("/")
            yield "/".join(layers) or last, np.asarray(weight), None


def _numpy(tensor: Any) -> Array:
    return np.asarray(tensor.detach().cpu().float())
