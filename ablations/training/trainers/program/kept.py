"""A program under a keeper, as the process that trains sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from types import MappingProxyType
from typing import Self

from ablations.errors import TrainerError
from ablations.training.trainers.program import keeper

TICK_SECONDS = 0.25
"""Between two looks at what a program has recorded."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""One thread a run, unless the user says otherwise: each core has a run of its own."""


def environment() -> dict[str, str]:
    """Return the environment of a program: ``python`` is the one that runs this."""
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join([own, os.environ.get("PATH", os.defpath)])
    return {**dict.fromkeys(THREADS, "1"), **os.environ, "PATH": path}


class KeptProgram:
    """One program, from its start to its end; a context manager that ends all of it."""

    def __init__(
        self,
        words: Sequence[str],
        output: Path,
        directory: str | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start it in a directory, or else the working directory; ``output`` takes its output.

        ``variables`` are added to its environment.
        """
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(output.resolve()), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd=directory,
            env={**environment(), **variables},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._keeper.stdin and self._keeper.stdout:
            self._keeper.stdin.close()
            self._keeper.wait()
            self._keeper.stdout.close()

    def wait(self, tick: Callable[[], None]) -> int:
        """Return the exit status; ``tick`` is called now and then until there is one.

        Raises:
            TrainerError: it did not start, or its keeper was killed.
        """
        assert self._keeper.stdout is not None
        while not wait([self._keeper.stdout.fileno()], TICK_SECONDS):
            tick()
        answer = self._keeper.stdout.read().decode(errors="replace")
        if answer.startswith(keeper.CANNOT_START):
            raise TrainerError(answer)
        if not answer:
            raise TrainerError("the process that keeps it was killed")
        return int(answer)
