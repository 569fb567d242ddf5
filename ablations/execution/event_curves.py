"""The curves of a run that is imported from event files: its scalars, as ``metrics.jsonl``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ablations.execution.attempts import newest_attempt
from ablations.files import write_atomically
from ablations.ledger.lines import MOST_STEP, STEP, TAKEN, line_of
from ablations.ledger.paths import RunDirectory
from ablations.telemetry import tags

MOST_TAGS = 50
"""Scalars of a run that have curves: the study's metric, then in the order of the files."""
MOST_POINTS = 1_000
"""Of a curve; of a longer one every 2nd, 4th, 8th … point is kept, and the last."""

Curve = dict[int, float]
"""Step → the last value that was written at it."""


@dataclass
class LeftOut:
    """What curves do not show of some runs."""

    tags: dict[str, None] = field(default_factory=dict)
    """Those that have no curve: there are more than may be, or a line has that key already."""
    thinned: dict[str, None] = field(default_factory=dict)
    """Those whose curves are without some of their points."""


def write_curves(
    files: Sequence[Path], metric: str, directory: RunDirectory, left_out: LeftOut
) -> None:
    """Write the scalars of some event files as the lines of a run, by step.

    Raises:
        AblationsError: a file is damaged, or cannot be read.
    """
    curves = _curves(files, metric, left_out)
    lines: dict[int, dict[str, float]] = {}
    for tag, curve in curves.items():
        for step in _kept(sorted(curve)):
            lines.setdefault(step, {STEP: step})[tag] = curve[step]
    text = "".join(line_of(lines[step]) for step in sorted(lines))
    write_atomically(directory.metrics, text)
    left_out.thinned.update(dict.fromkeys(t for t, c in curves.items() if len(c) > MOST_POINTS))


def _curves(files: Sequence[Path], metric: str, left_out: LeftOut) -> Mapping[str, Curve]:
    """Return tag → curve of those that are kept."""
    curves: dict[str, Curve] = {metric: {}}
    for step, tag, value in newest_attempt(files, tags_of(metric)).scalars():
        if tag not in curves and (len(curves) == MOST_TAGS or tag in TAKEN):
            left_out.tags[tag] = None
        elif abs(step) <= MOST_STEP:
            curves.setdefault(tag, {})[step] = value
    own = tags_of(metric)[1]
    if not curves[metric] and own in curves:
        curves[metric] = curves.pop(own)
    return curves


def tags_of(metric: str) -> tuple[str, str]:
    """Return the tags that a metric may have: its own name, and that of a run of ours."""
    return metric, tags.own([metric])[metric]


def _kept(steps: Sequence[int]) -> Sequence[int]:
    """Return steps that are not too many: those of a longer curve are among a shorter one's."""
    stride = 1
    while len(steps) > MOST_POINTS * stride:
        stride *= 2
    return steps if stride == 1 else [*steps[:-1:stride], steps[-1]]
