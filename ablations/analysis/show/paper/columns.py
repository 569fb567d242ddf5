"""The columns that a paper's table may have, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.summary import Summary
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.show.comparisons import VERDICT_NAMES
from ablations.analysis.show.paper.numerals import (
    NOTHING,
    Scale,
    count,
    probability,
    scale_of,
    seconds,
    share,
)
from ablations.errors import AblationsError, suggest

ARM, MEAN = "arm", "mean"
DEFAULT = (ARM, MEAN, "effect", "interval", "p_corrected")
AT_LEAST = r"\ensuremath{^{\ast}}"
"""Marks a verdict by at least the margin."""

Cells = tuple[str, ...]
"""LaTeX of a cell, or of two that share a heading: an interval's ends, a mean and its deviation."""


@dataclass(frozen=True)
class PaperColumn:
    """A column: its heading, how it is aligned, and what stands in it."""

    name: str
    heading: str
    """Plain text."""
    form: str
    """Of LaTeX's ``tabular``; two columns where there are two cells."""
    cells: Callable[[ArmSummary], Cells | None]
    """None where an arm has nothing to show."""


NUMBER, TEXT, ENDS, WITH_DEVIATION = "r", "l", "r@{, }r", "r@{}l"


def columns_of(inference: Inference, names: Sequence[str]) -> tuple[PaperColumn, ...]:
    """Return the columns called ``names`` behind that of the arm.

    Raises:
        AblationsError: a study has no such column; names the nearest, and all that there are.
    """
    known = known_columns(inference)
    for name in names:
        if name != ARM and name not in known:
            raise AblationsError(
                f'--columns: {inference.study} has no column "{name}"; '
                f"{suggest(name, (ARM, *known))}"
            )
    return tuple(known[name] for name in dict.fromkeys(names) if name != ARM)


def known_columns(inference: Inference) -> Mapping[str, PaperColumn]:
    """Return name → column of a study, but that of the arm: the metrics that some run has, too."""
    scale = scale_of(inference, inference.metric)
    found = [
        _with_deviation(MEAN, _in_unit("mean", scale.unit), scale, lambda arm: arm.score),
        *_of_comparison(scale),
        _column("diverged", "diverged", _of_runs),
        _column("parameters", "parameters", lambda arm: count(arm.parameters)),
        _column("updates", "updates", lambda arm: count(arm.updates)),
        _column("seconds", "training (s)", lambda arm: seconds(arm.train_seconds)),
        *_of_metrics(inference),
    ]
    return {column.name: column for column in found}


def _of_comparison(scale: Scale) -> Iterable[PaperColumn]:
    """Return the columns of which the control has none."""
    unit = scale.difference_unit

    def numbers(name: str, heading: str, show: Callable[[Comparison], str]) -> PaperColumn:
        return PaperColumn(name, heading, NUMBER, _compared(lambda found: (show(found),)))

    def ends(name: str, heading: str, of: Callable[[Comparison], Interval | None]) -> PaperColumn:
        def cells(found: Comparison) -> Cells | None:
            low, high = scale.ends(of(found))
            return (f"[{low}", f"{high}]") if of(found) else None

        return PaperColumn(name, heading, ENDS, _compared(cells))

    yield numbers("effect", _in_unit("effect", unit), lambda c: scale.difference(c.effect))
    yield ends("interval", "95% CI", lambda c: c.interval)
    yield ends("interval_all", "95% CI, all", lambda c: c.simultaneous)
    yield numbers("p", "raw p", lambda c: probability(None if c.too_few_pairs else c.p))
    yield numbers(
        "p_corrected", "p", lambda c: probability(None if c.too_few_pairs else c.p_corrected)
    )
    yield PaperColumn("verdict", "verdict", TEXT, _compared(lambda c: (_verdict(c),)))
    yield numbers(
        "probability_of_improvement", "wins (%)", lambda c: share(c.probability_of_improvement)
    )
    yield numbers("n", "n", lambda c: count(c.n))


def _compared(show: Callable[[Comparison], Cells | None]) -> Callable[[ArmSummary], Cells | None]:
    def cells(arm: ArmSummary) -> Cells | None:
        return show(arm.comparison) if arm.comparison else None

    return cells


def _of_metrics(inference: Inference) -> Iterable[PaperColumn]:
    for name in inference.arms[0].metrics if inference.arms else ():
        if any(arm.metrics[name].n for arm in inference.arms):
            scale = scale_of(inference, name)
            heading = _in_unit(scale.metric.label, scale.unit)
            yield _with_deviation(name, heading, scale, _metric(name))


def _metric(name: str) -> Callable[[ArmSummary], Summary]:
    return lambda arm: arm.metrics[name]


def _with_deviation(
    name: str, heading: str, scale: Scale, of: Callable[[ArmSummary], Summary]
) -> PaperColumn:
    """Return a column of means, each with its standard deviation as a subscript."""

    def cells(arm: ArmSummary) -> Cells | None:
        summary = of(arm)
        if summary.mean is None:
            return None
        deviation = summary.standard_deviation
        around = "" if deviation is None else rf"$_{{\pm {scale.value(deviation)}}}$"
        return scale.value(summary.mean), around

    return PaperColumn(name, heading, WITH_DEVIATION, cells)


def _column(name: str, heading: str, show: Callable[[ArmSummary], str]) -> PaperColumn:
    return PaperColumn(name, heading, NUMBER, lambda arm: (show(arm),))


def _in_unit(heading: str, unit: str) -> str:
    return f"{heading} ({unit})" if unit else heading


def _of_runs(arm: ArmSummary) -> str:
    divergence = arm.divergence
    return f"{divergence.diverged}/{divergence.runs}" if divergence.runs else NOTHING


def _verdict(comparison: Comparison) -> str:
    if comparison.verdict == "none":
        return NOTHING
    name = VERDICT_NAMES.get(comparison.verdict, comparison.verdict)
    return name + AT_LEAST * (comparison.size == "at_least_the_margin")
