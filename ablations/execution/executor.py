"""What trains jobs, and the table of all that there are.

Nothing heavy is imported before an executor is made, so the command line can ask for the names.
To add one: a file beside ``inline`` and ``processes``, and a line of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from ablations.errors import AblationsError, suggest
from ablations.execution.options import Options

if TYPE_CHECKING:
    from ablations.execution.worker import Job, Outcome


class Executor(Protocol):
    """Trains jobs, on devices that it chooses by the options when it is made."""

    notice: str
    """What a user should know of the devices that were chosen; empty where they are as expected."""

    @property
    def training(self) -> Sequence[Job]:
        """The jobs that are being trained at this moment; may be asked from another thread."""
        ...

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs; yield each outcome as it comes.

        Where the first have all failed alike, as ``affinity.Queue`` tells, the others are left.
        """
        ...


def _inline(options: Options) -> Executor:
    from ablations.execution.inline import Inline

    return Inline(options)


def _processes(options: Options) -> Executor:
    from ablations.execution.processes import Processes

    return Processes(options)


def _ray(options: Options) -> Executor:
    from ablations.execution.ray import Ray

    return Ray(options)


EXECUTORS: Mapping[str, Callable[[Options], Executor]] = MappingProxyType(
    {"inline": _inline, "processes": _processes, "ray": _ray}
)


def executor_for(options: Options) -> Executor:
    """Return the executor that the options name, with its devices.

    Raises:
        AblationsError: there is none of that name, or not the device that it is to use.
    """
    name = options.executor
    if name not in EXECUTORS:
        raise AblationsError(f'unknown executor "{name}"; {suggest(name, EXECUTORS)}')
    if options.address is not None and name != "ray":
        raise AblationsError(f"--address {options.address}: wants --executor ray")
    return EXECUTORS[name](options)
