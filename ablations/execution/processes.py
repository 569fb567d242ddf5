"""The executor of worker processes that live on: one slot a device, each with one process.

A slot prefers jobs of the arm that it trained last, whose program is traced already.  A process
that dies takes only its own job with it; its slot starts another.  So it does after a run that
failed or took too long: who knows what that left behind in the process.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from ablations.errors import ASKING_TO_END, described
from ablations.execution import devices
from ablations.execution.affinity import Queue
from ablations.execution.limits import Clock, Limits
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome, record_failure, start, work
from ablations.execution.worker_process import DiedError, WorkerProcess
from ablations.user_code import take_code_from

STARTS = 3
"""Workers that may die one after the other before they take a job."""


def _begin(gpu: str | None, per_run: int, tensorflow: bool, code: str | None) -> None:
    """Set a fresh worker up: its devices are chosen before TensorFlow is imported."""
    for number in ASKING_TO_END:
        signal.signal(number, signal.SIG_IGN)  # the parent answers them
    take_code_from(code)
    start(gpu, per_run, tensorflow)


@dataclass(frozen=True)
class SlotKind:
    """What all slots of a study have in common."""

    per_run: int
    """The devices that one run takes."""
    limits: Limits
    tensorflow: bool
    """Whether workers start TensorFlow."""

    @classmethod
    def of(cls, options: Options) -> SlotKind:
        """Return what the options say.

        Raises:
            AblationsError: a limit is no number of seconds.
        """
        return cls(options.devices_per_run, Limits.of(options), options.tensorflow)


class Slot:
    """A place for one worker process after another, and the arm whose program the worker holds."""

    def __init__(self, gpu: str | None, kind: SlotKind) -> None:
        self.gpu, self.kind = gpu, kind
        self.arm: str | None = None
        self.job: Job | None = None
        """What the worker is training."""
        self.clock: Clock | None = None
        self._worker: WorkerProcess | None = None
        self._starts = 1
        self._code: str | None = None
        """Where the worker imports a user's functions from, if not from the working directory."""

    @property
    def waitables(self) -> list[Connection | int]:
        """What tells that there may be an outcome."""
        return [*self._worker.waitables] if self._worker else []

    def give(self, job: Job) -> None:
        """Let the worker train a job."""
        self.job, self.arm, self._starts = job, job.arm, 1
        self.clock = Clock(self.kind.limits, job.directory.metrics)
        self._submit(job)

    def _submit(self, job: Job) -> None:
        if self._worker is not None and self._code != self._code_of(job):
            self.end()  # modules of two versions of one's code must never meet
            self.arm = job.arm
        self._code = self._code_of(job)
        self._worker = self._worker or WorkerProcess(
            _begin, self.gpu, self.kind.per_run, self.kind.tensorflow, self._code
        )
        self._worker.submit(work, (job,))

    def outcome(self) -> Outcome | None:
        """Return what became of the job, None while it is trained."""
        if self._worker is None or self.job is None or self.clock is None:
            return None
        try:
            answer = self._worker.poll()
        except DiedError as death:
            self.end()
            if not death.started and self._starts < STARTS:
                self._starts += 1
                self._submit(self.job)
                return None
            return record_failure(self.job, _cause(death))
        if answer is None:
            return self._outcome_of_time(self._worker, self.job, self.clock)
        if answer.error is not None:
            self.end()
            return record_failure(self.job, described(answer.error))
        outcome: Outcome = answer.value
        if outcome.result is not None and outcome.result.status == "failed":
            self.end()
        return outcome

    def _outcome_of_time(self, worker: WorkerProcess, job: Job, clock: Clock) -> Outcome | None:
        if worker.started:
            clock.begin()
        reason = clock.over()
        if not reason:
            return None
        self.end()
        return record_failure(job, reason)

    def train(self, job: Job) -> Outcome:
        """Return what becomes of a job."""
        self.give(job)
        while (outcome := self.outcome()) is None:
            wait(self.waitables, _patience([self]))
        return outcome

    def end(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.end()
            self._worker, self.arm = None, None

    @staticmethod
    def _code_of(job: Job) -> str | None:
        """Return where the job's functions are found, if not in the working directory."""
        return job.recipe.get("code")


class Processes:
    """Trains in one process a worker."""

    def __init__(self, options: Options) -> None:
        """Choose a device for each worker.

        Raises:
            DeviceError: there is no such device here.
            AblationsError: a limit is none.
        """
        self.kind = SlotKind.of(options)
        per_run, tensorflow = options.devices_per_run, options.tensorflow
        chosen = devices.choose(options.device, options.workers, per_run, tensorflow)
        self.devices, self.notice = chosen.gpus, chosen.notice
        self._slots: list[Slot] = []

    @property
    def training(self) -> tuple[Job, ...]:
        """The jobs that the workers are training."""
        return tuple(job for slot in self._slots if (job := slot.job))

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs; yield each outcome as it comes, in the order of finishing."""
        queue = Queue(jobs)
        slots = [Slot(gpu, self.kind) for gpu in self.devices[: len(jobs)]]
        self._slots = slots
        try:
            _feed(slots, queue)
            while busy := [slot for slot in slots if slot.job]:
                wait([each for slot in busy for each in slot.waitables], _patience(busy))
                for slot in busy:
                    outcome = slot.outcome()
                    if outcome is not None:
                        slot.job = None
                        queue.has_ended(outcome)
                        _feed(slots, queue)
                        yield outcome
        finally:
            for slot in slots:
                slot.end()


def _feed(slots: Sequence[Slot], queue: Queue) -> None:
    """Give each slot without a job the next one."""
    for slot in slots:
        if queue and slot.job is None:
            slot.give(queue.take(slot, slots))


def _patience(busy: Sequence[Slot]) -> float:
    """Return after how many seconds some slot's time may be over."""
    return min(slot.clock.seconds_to_wait for slot in busy if slot.clock)


def _cause(death: DiedError) -> str:
    """Return what a worker died of: a signal, or its exit status."""
    if not death.started:
        return f"{STARTS} worker processes in turn died as they started"
    cause = f"exit status {death.exit_status}"
    if death.exit_status < 0:
        try:
            cause = signal.Signals(-death.exit_status).name
        except ValueError:
            cause = f"signal {-death.exit_status}"
        if cause == "SIGKILL":
            cause += ", sent by a user or by the system when memory runs out"
    return f"the worker process died ({cause})"
