"""Which devices there are: what is listed here, and what TensorFlow, asked apart, can use of it.

TensorFlow must not be imported in this process before the device is chosen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ablations.errors import AblationsError, DeviceError
from ablations.execution.apart import SeparateProcess

if TYPE_CHECKING:
    from ablations.training.runtime import Survey

VISIBLE = "CUDA_VISIBLE_DEVICES"
LISTING_SECONDS = 30.0  # of nvidia-smi, which a broken driver can keep for ever


@dataclass(frozen=True)
class Devices:
    """What the workers compute on."""

    gpus: tuple[str | None, ...]
    """One entry a worker: the GPU that it sees, or those (``0,1``), or None for a CPU."""
    notice: str = ""
    """What a user would not expect: that GPUs which are listed here are not used, say."""


def choose(device: str, workers: int | None, per_run: int = 1, tensorflow: bool = True) -> Devices:
    """Return the devices of each worker: GPUs only where TensorFlow, if asked, can use them.

    One worker a GPU or a core by default; where more are asked for, GPUs are shared in turn.  Runs
    that take several GPUs, ``per_run``, share none; several devices of a CPU are virtual ones.

    Raises:
        DeviceError: a GPU was asked for and there is none, or there are too few for a run.
    """
    gpus = [] if device == "cpu" else visible_gpus()
    unusable = _why_unusable(",".join(gpus)) if gpus and tensorflow else ""
    if device == "gpu" and (unusable or not gpus):
        reason = unusable or "no GPU is visible here"
        raise DeviceError(f"--device gpu: {reason}; wants --device auto or cpu")
    if gpus and not unusable:
        groups = groups_of(gpus, per_run)
        count = workers or len(groups)
        if per_run > 1:
            count = min(count, len(groups))
        return Devices(tuple(groups[number % len(groups)] for number in range(count)))
    notices = [f"trains on the CPU: {unusable}"] if unusable else []
    if per_run > 1:
        notices.append(f"each run takes {per_run} virtual devices of the CPU, which is no faster")
    return Devices((None,) * (workers or usable_cores()), "; ".join(notices))


def groups_of(gpus: Sequence[str], per_run: int) -> list[str]:
    """Return the GPUs of each run, as ``CUDA_VISIBLE_DEVICES`` names them.

    Raises:
        DeviceError: they are too few for one run.
    """
    last = len(gpus) - per_run
    if last < 0:
        there = "1 GPU is" if len(gpus) == 1 else f"{len(gpus)} GPUs are"
        raise DeviceError(
            f"--devices-per-run {per_run}: {there} visible here; wants as many, or --device cpu to "
            "try it on virtual devices"
        )
    return [",".join(gpus[n : n + per_run]) for n in range(0, last + 1, per_run)]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Return the numbers of the GPUs that this process may use, were there such."""
    chosen = os.environ.get(VISIBLE)
    if chosen is not None:
        return [gpu.strip() for gpu in chosen.split(",") if gpu.strip() not in ("", "-1")]
    return [str(number) for number in range(len(listed_gpus()))]


def listed_gpus() -> list[str]:
    """Return a line for each GPU that nvidia-smi lists; none where it is not installed."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "-L"]
    try:
        listed = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=LISTING_SECONDS
        )
    except subprocess.TimeoutExpired:
        return []
    return [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]


@cache
def _why_unusable(gpus: str) -> str:
    """Return why TensorFlow cannot use some GPUs; empty where it can."""
    from ablations.training import runtime

    with SeparateProcess() as process:
        try:
            process.call(runtime.start, [(gpus,)])
        except AblationsError as error:
            return str(error)
    return ""


def survey() -> Survey:
    """Ask TensorFlow, in a process apart, for its versions and the devices that it can use.

    Raises:
        AblationsError: it cannot be imported; says why.
    """
    from ablations.training import runtime

    with SeparateProcess() as process:
        (found,) = process.call(runtime.survey, [()])
    return found
