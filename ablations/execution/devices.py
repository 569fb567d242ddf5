"""Which devices there are, found without TensorFlow, which must not be imported before choosing."""

from __future__ import annotations

import os
import shutil
import subprocess

from ablations.errors import DeviceError


def choose(device: str, workers: int | None) -> list[str | None]:
    """Return one entry a worker: the GPU it sees, or None for a CPU.

    One worker a GPU or a core by default; where more are asked for, GPUs are shared in turn.

    Raises:
        DeviceError: a GPU was asked for and there is none.
    """
    gpus = [] if device == "cpu" else visible_gpus()
    if device == "gpu" and not gpus:
        raise DeviceError("--device gpu: no GPU is visible here; wants --device auto or cpu")
    if gpus:
        return [gpus[number % len(gpus)] for number in range(workers or len(gpus))]
    return [None] * (workers or _usable_cores())


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Return the numbers of the GPUs that this process may use."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [gpu.strip() for gpu in chosen.split(",") if gpu.strip() not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    gpus = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(gpus))]
