"""The range that an axis shows: everything, unless a few would squeeze all the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ablations.analysis.infer.curves import LearningCurve

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """The range an axis shows."""

    low: float
    high: float
    logarithmic: bool = False

    def hold(self, values: Sequence[float]) -> bool:
        """Whether all ``values`` lie within."""
        return all(self.low <= value <= self.high for value in values)


def robust_limits(groups: Sequence[Sequence[float]], kept: Sequence[float] = ()) -> Limits:
    """Return limits that show every group, unless a few would squash all the others.

    Groups are arms; ``kept`` is the control, which is always shown.  The fewest arms are cut that
    let the rest be read: those that reach farthest from the middle, a quarter of them at most,
    and none unless the rest fills less than a quarter of the range of all.
    """
    others = [group for group in groups if group]
    shown = [*others, *([kept] if kept else [])]
    ends = sorted(end for group in shown for end in (min(group), max(group)))
    low, high = ends[0], ends[-1]
    middle = (ends[len(ends) // 2] + ends[(len(ends) - 1) // 2]) / 2
    by_reach = sorted(others, key=lambda group: max(middle - min(group), max(group) - middle))
    for cut in range(1, len(shown) // 4 + 1):
        core = [*by_reach[:-cut], *([kept] if kept else [])]
        core_low, core_high = min(map(min, core)), max(map(max, core))
        if 0 < 4 * (core_high - core_low) < high - low:
            low, high = core_low, core_high
            break
    margin = 0.06 * (high - low) or max(abs(high) * 0.05, 1e-3)
    return Limits(low - margin, high + margin)


def curve_limits(curves: Mapping[str, LearningCurve], control: str, percent: bool) -> Limits:
    """Return the range of the means once the first quarter of the epochs is over.

    Losses that differ a thousandfold are all shown, on a logarithmic axis.  Else bands may widen
    the range by half at either side, no more: those of n = 2 are very wide.
    """
    means = {arm: settled(curve.means) for arm, curve in curves.items()}
    lowest, highest = min(map(min, means.values())), max(map(max, means.values()))
    if not percent and 0 < 1_000 * lowest < highest:
        return Limits(lowest / 1.5, 1.5 * highest, logarithmic=True)
    others = [group for arm, group in means.items() if arm != control]
    limits = robust_limits(others, means.get(control, ()))
    room = 0.5 * (limits.high - limits.low)
    bands = [band for curve in curves.values() for band in settled(curve.intervals) if band]
    inside = [band for band in bands if band.high >= limits.low and band.low <= limits.high]
    low = max(limits.low - room, min([limits.low, *(band.low for band in inside)]))
    high = min(limits.high + room, max([limits.high, *(band.high for band in inside)]))
    if percent:
        low, high = max(low, min(-1.0, limits.low)), min(high, max(101.0, limits.low + 1))
    return Limits(low, high)


def settled(per_epoch: tuple[T, ...]) -> tuple[T, ...]:
    """Return what remains once the first quarter of the epochs is over."""
    return per_epoch[len(per_epoch) // 4 :]
