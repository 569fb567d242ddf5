"""Learning-rate schedules: the rate of every update, as a share of the optimizer's own rate η₀.

Pure NumPy on the host: a compiled epoch is handed its rates as a vector, so that all schedules
share one traced program.  t counts the updates done, from 0: the first update uses the rate at
t = 0.  ``training.schedule: null`` keeps η₀.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ablations.study.families import Monitor, Schedule
from ablations.study.frozen import Count, NonNegative, Positive, problem, show
from ablations.study.protocols import ScheduleState, Span
from ablations.study.technique import Family
from ablations.techniques.plateau import Plateau, error_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def _rising(value: Any) -> Any:
    numbers = value if isinstance(value, (list, tuple)) else ()
    plain = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in numbers)
    rising = plain and list(numbers) == sorted(set(numbers)) and bool(numbers)
    if not rising or not numbers[0] > 0 or not math.isfinite(numbers[-1]):
        raise problem(f"wants a list of epochs > 0, each above the one before, got {_list(value)}")
    return tuple(numbers)


def _list(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(show, value)) + "]"
    return show(value)


class PiecewiseConstant(Schedule):
    """η₀ · fᵢ from the moment when ``boundaries_epochs[i]`` epochs are done; η₀ before the first.

    With boundaries [5, 8] and factors [0.1, 0.01] the sixth epoch is the first at η₀/10.  A
    boundary within an epoch (2.5) is met at its first whole update.
    """

    name: Literal["piecewise_constant"] = "piecewise_constant"
    boundaries_epochs: Annotated[
        tuple[float, ...], BeforeValidator(_rising), Field(examples=[[5.0, 8.0]])
    ]
    factors_of_rate: Annotated[
        tuple[Positive, ...],
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
        Field(min_length=1, examples=[[0.1, 0.01]]),
    ]
    """One for each boundary, of η₀."""

    @model_validator(mode="after")
    def _pairs(self) -> PiecewiseConstant:
        boundaries, factors = len(self.boundaries_epochs), len(self.factors_of_rate)
        if boundaries != factors:
            raise problem(
                f"wants a factor for each boundary, got {boundaries} boundaries and "
                f"{factors} factors"
            )
        return self

    def why_idle(self, epochs: int) -> str:
        first = self.boundaries_epochs[0]
        return f"its first boundary is at {first:g} of {epochs} epochs" if first >= epochs else ""

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        import numpy as np

        boundaries = np.asarray(self.boundaries_epochs) * span.steps_per_epoch
        passed = np.searchsorted(boundaries, t, side="right")
        return np.asarray([1.0, *self.factors_of_rate])[passed]


class Performance(Schedule):
    """η times ``factor`` whenever the validation error has not fallen for some epochs (note 000).

    Every further ``patience_epochs`` without a new best multiply again.  Keras's
    ``ReduceLROnPlateau`` without cooldown.
    """

    name: Literal["performance"] = "performance"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    patience_epochs: Count = 10
    monitor: Monitor = "validation_loss"
    min_delta: NonNegative = 0.0
    """By how much a value must beat the best to count."""

    def why_idle(self, epochs: int) -> str:
        waits = self.patience_epochs  # from the first epoch on, and one must be left to train
        return f"it waits {waits} of {epochs} epochs" if waits > epochs - 2 else ""

    def start(self) -> ScheduleState:
        return {"reductions": 0, **Plateau().to_dict()}

    def after_epoch(
        self, state: ScheduleState, epoch: int, values: Mapping[str, float]
    ) -> ScheduleState:
        before = Plateau.from_dict(state)
        plateau = before.see(error_of(values, self.monitor), epoch, self.min_delta)
        waited = epoch - plateau.best_epoch
        reduces = waited > 0 and waited % self.patience_epochs == 0
        return {"reductions": state["reductions"] + int(reduces), **plateau.to_dict()}

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        import numpy as np

        return np.full(len(t), self.factor ** state["reductions"])


class Exponential(Schedule):
    """η₀ · 10^(−t/r) (note 000): a tenth after every r updates."""

    name: Literal["exponential"] = "exponential"
    updates_per_decade: Positive = 10000
    """r."""

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        import numpy as np

        return np.power(10.0, -t / self.updates_per_decade)


class ExponentialDecay(Schedule):
    """η₀ · decay_rate^(t/decay_steps), the exponent rounded down with ``staircase``.

    TensorFlow's form (``tf.train.exponential_decay``), with the notes' 10000 and 1/10.
    """

    name: Literal["exponential_decay"] = "exponential_decay"
    decay_steps: Positive = 10000
    decay_rate: Positive = 0.1
    staircase: bool = False

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        import numpy as np

        decades = t / self.decay_steps
        return np.power(self.decay_rate, np.floor(decades) if self.staircase else decades)


class Power(Schedule):
    """η₀ · (1 + t/r)^(−c) (note 000): half after r updates for c = 1, a third after 2r."""

    name: Literal["power"] = "power"
    scale_updates: Positive = 10000
    """r."""
    exponent: Positive = 1.0
    """c."""

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        import numpy as np

        return np.power(1.0 + t / self.scale_updates, -self.exponent)


class InverseTime(Schedule):
    """η₀ / (1 + decay_per_epoch · epoch) (note 003), epoch being the whole epochs done."""

    name: Literal["inverse_time"] = "inverse_time"
    decay_per_epoch: Positive = 1.0

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        return 1.0 / (1.0 + self.decay_per_epoch * (t // span.steps_per_epoch))


class Cosine(Schedule):
    """η₀ · (a + (1 − a)(1 + cos πt/T)/2) over all T updates (Loshchilov and Hutter 2017)."""

    name: Literal["cosine"] = "cosine"
    final_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """a."""

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        return _cosine(1.0, self.final_share, t / span.updates)


class OneCycle(Schedule):
    """From η₀/``start_divisor`` up to η₀ and down to the start/``final_divisor``.

    Smith and Topin 2018 in the form of PyTorch's ``OneCycleLR``; η₀ is the peak.  The momentum is
    left alone.
    """

    name: Literal["one_cycle"] = "one_cycle"
    rising_share: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """The share of the updates until the peak."""
    start_divisor: Annotated[float, Field(ge=1)] = 25.0
    final_divisor: Annotated[float, Field(ge=1)] = 1e4
    annealing: Literal["cosine", "linear"] = "cosine"
    """How the rate goes from one end of a phase to the other."""
    three_phases: bool = False
    """Fall to the start again in as many updates as the rise took, then to the end (the paper)."""

    @model_validator(mode="after")
    def _phases_fit(self) -> OneCycle:
        if self.three_phases and self.rising_share > 0.5:
            raise problem(f"three_phases wants rising_share ≤ 0.5, got {self.rising_share}")
        return self

    def factors(self, t: Array, span: Span, state: ScheduleState) -> Array:
        import numpy as np

        between = _cosine if self.annealing == "cosine" else _line
        start = 1.0 / self.start_divisor
        end, last = start / self.final_divisor, span.updates - 1.0
        peak = self.rising_share * span.updates - 1.0
        rising = between(start, 1.0, t / peak if peak > 0 else np.ones(len(t)))
        if not self.three_phases:
            falling = between(1.0, end, (t - peak) / (last - peak))
            return np.where(t <= peak, rising, falling)
        back = 2 * self.rising_share * span.updates - 2.0
        falling = between(1.0, start, (t - peak) / (back - peak) if back > peak else t * 0 + 1)
        fading = between(start, end, (t - back) / (last - back) if last > back else t * 0 + 1)
        return np.where(t <= peak, rising, np.where(t <= back, falling, fading))


def _line(start: float, end: float, share: Array) -> Array:
    return start + (end - start) * share


def _cosine(start: float, end: float, share: Array) -> Array:
    import numpy as np

    return end + (start - end) * (1.0 + np.cos(np.pi * share)) / 2.0


SCHEDULES = Family(
    Schedule,
    (
        PiecewiseConstant,
        Performance,
        Exponential,
        ExponentialDecay,
        Power,
        InverseTime,
        Cosine,
        OneCycle,
    ),
)
