"""One run on one device, or on several at once that each take a part of every batch.

On several, ``tf.distribute.MirroredStrategy`` keeps a copy of the model on each.  The gradients of
a step are averaged over them; all that follows (clipping, the optimizer and its state, averages of
the weights) is computed once, on the first device, whose weights the others then copy.  So only
what reads a batch knows of replicas, and a step is that of one device to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Protocol

import keras
import tensorflow as tf

from ablations.techniques.keras import internals
from ablations.techniques.keras.layer_names import named_layers
from ablations.training import runtime


class Replicas(Protocol):
    """Where the copies of a model are, and how a step uses them."""

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which a model is built."""
        ...

    def prepare(self, model: keras.Model) -> None:
        """See that the layers of a model that was built here see the whole batch."""
        ...

    def mean(self, function: Callable[..., Any], batch: Sequence[tf.Tensor]) -> Any:
        """Return ``function(*batch)``, a structure of means over the batch, tensors [B, …]."""
        ...

    def copy(self, variables: Iterable[keras.Variable]) -> None:
        """Give every copy of the model the values of the first."""
        ...

    def tell_apart(self, model: keras.Model) -> None:
        """Let random layers draw differently in every copy, and equally for an equal state."""
        ...


class OneDevice:
    """The model itself."""

    def scope(self) -> AbstractContextManager[Any]:
        """See ``Replicas``."""
        return nullcontext()

    def prepare(self, model: keras.Model) -> None:
        """Nothing is to be done."""

    def mean(self, function: Callable[..., Any], batch: Sequence[tf.Tensor]) -> Any:
        """See ``Replicas``."""
        return function(*batch)

    def copy(self, variables: Iterable[keras.Variable]) -> None:
        """There are no others."""

    def tell_apart(self, model: keras.Model) -> None:
        """There are no others."""


class Mirrored:
    """A copy of the model on each of some devices."""

    def __init__(self, devices: Sequence[str]) -> None:
        self._count = len(devices)
        self._strategy = tf.distribute.MirroredStrategy(devices)

    def scope(self) -> AbstractContextManager[Any]:
        """See ``Replicas``; a user's model finds Keras's names uncounted, as on one device."""
        keras.utils.clear_session(free_memory=False)
        context: AbstractContextManager[Any] = self._strategy.scope()
        return context

    def prepare(self, model: keras.Model) -> None:
        """Let batch normalization take its moments over the whole batch."""
        for _, layer in named_layers(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True

    def mean(self, function: Callable[..., Any], batch: Sequence[tf.Tensor]) -> Any:
        """See ``Replicas``; the batch is cut into equal parts, in its order."""
        parts = [tf.split(tensor, self._count) for tensor in tf.nest.flatten(batch)]
        own = [
            self._strategy.experimental_distribute_values_from_function(
                lambda context, of=each: of[context.replica_id_in_sync_group]
            )
            for each in parts
        ]
        own = tf.nest.pack_sequence_as(batch, own)
        return tf.nest.map_structure(
            lambda found: self._strategy.reduce("mean", found, axis=None),
            self._strategy.run(function, own),
        )

    def copy(self, variables: Iterable[keras.Variable]) -> None:
        """See ``Replicas``."""
        for variable in variables:
            first, *others = self._strategy.experimental_local_results(variable.value)
            value = first.read_value()
            for other in others:
                other.assign(value)

    def tell_apart(self, model: keras.Model) -> None:
        """See ``Replicas``; the first copy draws as a model on one device does."""
        for _, layer in named_layers(model):
            for state in internals.random_states(layer):
                copies = self._strategy.experimental_local_results(state.value)
                seed, draws = copies[0].numpy()
                for number, copy in enumerate(copies):
                    copy.assign(((int(seed) + number * GOLDEN) % 2**31, draws))


GOLDEN = 0x9E3779B1
"""An odd constant, so that the seeds of no two copies are equal."""


@cache
def replicas() -> Replicas:
    """Return those of this process, on all devices that it started with."""
    devices = runtime.logical_devices()
    return OneDevice() if len(devices) == 1 else Mirrored(devices)
