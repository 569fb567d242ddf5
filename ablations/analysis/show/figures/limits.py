"""The range that an axis shows: everything, unless a few would squeeze all the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ablations.analysis.infer.curves import LearningCurve

T = TypeVar("T")

SQUEEZED = 1 / 4
"""Arms that fill less than this share of an axis can hardly be told apart."""


@dataclass(frozen=True)
class Limits:
    """The range an axis shows."""

    low: float
    high: float
    logarithmic: bool = False

    def hold(self, values: Sequence[float]) -> bool:
        """Whether all ``values`` lie within."""
        return all(self.low <= value <= self.high for value in values)


def robust_limits(
    groups: Sequence[Sequence[float]],
    control: Sequence[float] = (),
    kept: Sequence[float] = (),
) -> Limits:
    """Return limits that show every group and all of ``kept``, unless a few would squeeze the rest.

    Groups are arms.  Where more than the half of them, or just the half, fills less than a quarter
    of the range of all, the axis shows the most groups of which that is true; of as many, those
    with the ``control``, then those that lie closest.  Two groups are always shown.
    """
    ends = [(min(group), max(group)) for group in (control, *groups) if group]
    low = min([*kept, *(low for low, _ in ends)])
    high = max([*kept, *(high for _, high in ends)])
    cores: list[tuple[int, bool, float, float, float]] = []
    for start in {low for low, _ in ends}:
        by_high = sorted((end for end in ends if end[0] >= start), key=lambda end: end[1])
        for count, (_, stop) in enumerate(by_high, start=1):
            holds = not kept or (start <= min(kept) and max(kept) <= stop)
            narrow = 0 < stop - start < SQUEEZED * (high - low)
            if holds and 2 <= count >= len(ends) / 2 and narrow:
                with_control = bool(control) and start <= ends[0][0] and ends[0][1] <= stop
                cores.append((count, with_control, start - stop, start, stop))
    if cores:
        *_, low, high = max(cores)
    margin = 0.06 * (high - low) or max(abs(high) * 0.05, 1e-3)
    return Limits(low - margin, high + margin)


def curve_limits(
    curves: Mapping[str, LearningCurve],
    control: str,
    percent: bool,
    kept: Collection[str] = (),
) -> Limits:
    """Return the range of the means once the first quarter of the epochs is over.

    The curves of the arms in ``kept`` are never cut.  Losses that differ a thousandfold are all
    shown, on a logarithmic axis.  Else bands may widen the range by half at either side, no more:
    those of n = 2 are very wide.
    """
    means = {arm: settled(curve.means) for arm, curve in curves.items()}
    lowest, highest = min(map(min, means.values())), max(map(max, means.values()))
    if not percent and 0 < 1_000 * lowest < highest:
        return Limits(lowest / 1.5, 1.5 * highest, logarithmic=True)
    others = [group for arm, group in means.items() if arm != control]
    shown = [mean for arm in kept for mean in means.get(arm, ())]
    limits = robust_limits(others, means.get(control, ()), shown)
    bands = [band for curve in curves.values() for band in settled(curve.intervals) if band]
    limits = widened(limits, [(band.low, band.high) for band in bands])
    if not percent:
        return limits
    return Limits(max(limits.low, -1.0), min(limits.high, 101.0))


def widened(limits: Limits, bands: Sequence[tuple[float, float]]) -> Limits:
    """Return limits that hold the bands that reach into them, at most half as wide again a side."""
    room = 0.5 * (limits.high - limits.low)
    inside = [band for band in bands if band[1] >= limits.low and band[0] <= limits.high]
    low = min([limits.low, *(low for low, _ in inside)])
    high = max([limits.high, *(high for _, high in inside)])
    return Limits(max(limits.low - room, low), min(limits.high + room, high))


def settled(per_epoch: tuple[T, ...]) -> tuple[T, ...]:
    """Return what remains once the first quarter of the epochs is over."""
    return per_epoch[len(per_epoch) // 4 :]
