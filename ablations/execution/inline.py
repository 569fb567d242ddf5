"""The executor that trains in this process: one job after another, for debugging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ablations.errors import AblationsError
from ablations.execution import devices
from ablations.execution.affinity import Queue
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome, start, work


class Inline:
    """A peer of the other executors: the same jobs, the same code, the same bits."""

    def __init__(self, options: Options) -> None:
        """Choose one device.

        Raises:
            DeviceError: there is no such device here.
            AblationsError: a limit is asked for.
        """
        if options.run_limit is not None or options.epoch_limit is not None:
            raise AblationsError(
                "--run-limit, --epoch-limit: --executor inline cannot end what it trains itself; "
                "wants --executor processes"
            )
        self.tensorflow = options.tensorflow
        chosen = devices.choose(options.device, 1, options.devices_per_run, self.tensorflow)
        (self.gpu,), self.notice = chosen.gpus, chosen.notice
        self.per_run = options.devices_per_run
        self.job: Job | None = None
        """What is being trained."""
        self.arm: str | None = None

    @property
    def training(self) -> tuple[Job, ...]:
        """The job that is being trained, if one is."""
        return () if self.job is None else (self.job,)

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs; yield each outcome as it comes."""
        start(self.gpu, self.per_run, self.tensorflow)
        queue = Queue(jobs)
        while queue:
            job = self.job = queue.take(self, [self])
            self.arm = job.arm
            outcome = work(job)
            self.job = None
            queue.has_ended(outcome)
            yield outcome
