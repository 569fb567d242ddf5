"""Start TensorFlow with everything pinned that could change a bit of a result.

Thread counts and the oneDNN flag change the bits of matrix products, so both are fixed before
TensorFlow is imported and recorded with each result.
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ablations.errors import DeviceError, described
from ablations.techniques.keras import internals

THREADS = 1  # two single-thread processes beat one with two threads
NOT_NEEDED = ("sklearn", "matplotlib")  # Keras's wrappers load them: a third of all imports' time
ONEDNN_FLAG = "TF_ENABLE_ONEDNN_OPTS"
BUILT_WITH_ONEDNN = ("linux", "win32")
_TOO_LATE = (
    "TensorFlow was imported in this process before what changes its bits could be pinned; wants "
    "a fresh process, or the executor of processes"
)
VISIBLE = "CUDA_VISIBLE_DEVICES"


@cache
def start(gpu: str | None = None, devices: int = 1) -> None:
    """Import and configure TensorFlow; ``gpu`` is what to see of GPUs (``2``), None is the CPU.

    A run takes all GPUs that are seen; of a CPU so many virtual ``devices``.

    Raises:
        DeviceError: TensorFlow cannot be imported, or finds no such GPU; says why.
    """
    os.environ[VISIBLE] = "-1" if gpu is None else gpu
    _import(devices if gpu is None else 1)
    if gpu is not None:
        _see_that_there_are(gpu)
    internals.probe()
    gc.freeze()  # what the imports made lives on: no collection need walk it again


def _import(virtual_cpus: int = 1) -> None:
    """Import and configure TensorFlow, whatever devices it may see."""
    was_imported = "tensorflow" in sys.modules
    os.environ[ONEDNN_FLAG] = "1"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        _configure(virtual_cpus)
    except ImportError as error:
        raise DeviceError(f"TensorFlow cannot be imported: {described(error)}") from error
    except RuntimeError as error:
        raise DeviceError(f"{_TOO_LATE} ({described(error)})") from error
    if was_imported and not internals.onednn_is_used() and sys.platform in BUILT_WITH_ONEDNN:
        raise DeviceError(f"{_TOO_LATE} ({ONEDNN_FLAG} was not 1)")


def _configure(virtual_cpus: int) -> None:
    with _quiet_stderr(), internals.imports_hidden(NOT_NEEDED), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries' own imports
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)
        if virtual_cpus > 1:
            (cpu,) = tf.config.list_physical_devices("CPU")
            each = tf.config.LogicalDeviceConfiguration()
            tf.config.set_logical_device_configuration(cpu, [each] * virtual_cpus)
        tf.config.list_logical_devices()


def logical_devices() -> list[str]:
    """Return the names of the devices that one run computes on: ``/device:GPU:0``."""
    import tensorflow as tf

    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    return [device.name for device in tf.config.list_logical_devices(kind)]


def _see_that_there_are(gpus: str) -> None:
    """Raise where TensorFlow finds fewer GPUs than were promised."""
    import tensorflow as tf

    wanted, found = len(gpus.split(",")), len(tf.config.list_physical_devices("GPU"))
    if found < wanted:
        promised = f"GPU {gpus}" if wanted == 1 else f"GPUs {gpus}"
        seen = f"TensorFlow sees {found or 'none'}: {_why_no_gpu()}"
        raise DeviceError(f"{promised} {'was' if wanted == 1 else 'were'} promised and {seen}")


def _why_no_gpu() -> str:
    """Return what TensorFlow lacks to compute on a GPU, as far as that can be told."""
    import tensorflow as tf

    if not tf.test.is_built_with_cuda():
        return "it is built without CUDA"
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver (libcuda.so.1)"
    count = ctypes.c_int(0)
    status = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if status:
        return f"the NVIDIA driver finds no such GPU (CUDA error {status})"
    if count.value < len(os.environ.get(VISIBLE, "0").split(",")):
        return f"the NVIDIA driver finds {count.value}"
    return "CUDA's libraries are missing or do not fit; make setup GPU=1 installs them"


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
        "device": _named(f"GPU {details.get('device_name', '')}".strip() if gpus else "CPU"),
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        "onednn": str(int(internals.onednn_is_used())),
    }


def _named(device: str) -> str:
    """Return the name of what one run computes on: ``2 x GPU NVIDIA H200``."""
    count = len(logical_devices())
    return device if count == 1 else f"{count} x {device}"


@dataclass(frozen=True)
class Survey:
    """What TensorFlow says of this machine."""

    seconds: float
    """Of its import."""
    environment: Mapping[str, Any]
    gpus: tuple[str, ...]
    """The names of those that it can use."""
    why_no_gpu: str
    """What it lacks to use one; empty where it can."""


def survey() -> Survey:
    """Import TensorFlow with no device hidden, and return what it says; to be called apart.

    Raises:
        DeviceError: it cannot be imported.
    """
    started = time.perf_counter()
    _import()
    seconds = time.perf_counter() - started
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = map(tf.config.experimental.get_device_details, gpus)
    names = tuple(detail.get("device_name", "of unknown name") for detail in details)
    return Survey(seconds, environment(), names, "" if gpus else _why_no_gpu())
