"""Start TensorFlow with everything pinned that could change a bit of a result.

Thread counts and the oneDNN flag change the bits of matrix products, so both are fixed before
TensorFlow is imported and recorded with each result.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

THREADS = 1  # two single-thread processes beat one with two threads
NOT_NEEDED = ("sklearn", "matplotlib")  # Keras's wrappers load them: a third of all imports' time
ONEDNN_FLAG = "TF_ENABLE_ONEDNN_OPTS"


@cache
def start(gpu: str | None = None) -> None:
    """Import and configure TensorFlow; ``gpu`` is the one device to see, None is the CPU."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1" if gpu is None else gpu
    os.environ[ONEDNN_FLAG] = "1"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _quiet_stderr(), _hidden(NOT_NEEDED), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries' own imports
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)
        tf.config.list_logical_devices()
    gc.freeze()  # what the imports made lives on: no collection need walk it again


@contextmanager
def _hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """Make ``import`` say that packages that are not loaded yet are not installed."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None stops an import
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


class _quiet_stderr:  # noqa: N801
    """Keep the import from printing to the terminal, where a progress display stands."""

    def __enter__(self) -> None:
        self._saved = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)

    def __exit__(self, *exception: object) -> None:
        os.dup2(self._saved, 2)
        os.close(self._saved)


def forget_custom_gradients() -> None:
    """Drop the functions that ``tf.custom_gradient`` registers for good, once they are traced.

    Each holds the graph it was traced in, so a worker would grow with every program it drops;
    TensorFlow has no public way to take them back.
    """
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry
    for name in [name for name in registered if name.startswith("CustomGradient-")]:
        del registered[name]


def free_dropped_programs() -> None:
    """Give back what traced programs held that nobody refers to any more.

    A program is full of cycles around graphs that Python cannot see, and TensorFlow caches the
    kernels of every function that was called, half a megabyte a program; it has no public way to
    empty that cache.  A program that is still kept makes its kernels again, in half a second.
    """
    from tensorflow.python.eager import context

    gc.collect()
    context.context().clear_kernel_cache()


@cache
def environment() -> dict[str, Any]:
    """Return what a result depends on besides its recipe: versions, device, threads, flags."""
    import keras
    import numpy as np
    import tensorflow as tf

    import ablations

    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return {
        "ablations": ablations.__version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": f"GPU {details.get('device_name', '')}".strip() if gpus else "CPU",
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        "onednn": os.environ[ONEDNN_FLAG],
    }
