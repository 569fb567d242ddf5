"""Tuning: the same search for every arm, and the choice among its trials.

Where a setting interacts with what is compared, above all the learning rate, one value for all
arms favours the arms that it suits.  So each arm gets the same trials on the same seeds, disjoint
from the comparison's, and is compared at the values that did best on the validation split.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ablations.study.budgets import MOST_TRIALS, too_many
from ablations.study.design import label_of
from ablations.study.frozen import Count, Frozen, problem, show
from ablations.study.schema import Seeds, Tuning, TuningTrial
from ablations.study.scores import Direction
from ablations.study.settings import change, flatten

DIGITS = 3  # significant digits of a drawn number
DEFAULT_SEEDS = 5  # with two, the chosen value is the wrong one in 8 to 62% of cases
SEEDS_APART = 100


class Range(Frozen):
    """Numbers from ``low`` to ``high``, drawn evenly, or evenly in their logarithm."""

    low: float
    high: float
    log: bool = False


def _space(value: Any) -> tuple[Any, ...] | Range:
    if isinstance(value, Mapping):
        space = Range.model_validate(value)
        if space.low >= space.high or (space.log and space.low <= 0):
            above = "0 < low < high" if space.log else "low < high"
            raise problem(f"wants {above}, got low {space.low:g} and high {space.high:g}")
        return space
    if isinstance(value, (list, tuple)) and len(value) > 1:
        return tuple(value)
    raise problem(f"wants a list of two values or more, or low and high, got {show(value)}")


class Search(Frozen):
    """The ``tune:`` block of a study file."""

    settings: Annotated[Mapping[str, Annotated[Any, BeforeValidator(_space)]], Field(min_length=1)]
    """Dotted path of the recipe → the values to try: a list or, drawn at random, a range."""
    search: Literal["grid", "random"] = "grid"
    """``grid`` tries every combination of the lists, ``random`` so many ``trials``."""
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] | None = None
    search_seed: Annotated[int, Field(ge=0)] = 0
    """What a random search draws its trials from."""
    seeds: Seeds | None = None
    """Null takes five that the comparison does not use: see ``seeds_apart``."""
    metric: str | None = None
    """Null is that of the task's score: ``validation_accuracy`` of a classification."""
    epochs: Count | None = None

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield where the block contradicts itself, and how."""
        if self.search == "random" and self.trials is None:
            yield (), "a random search wants trials: how many an arm"
        if self.search == "grid":
            if self.trials is not None:
                yield ("trials",), "a grid tries every combination; trials wants search: random"
            for path, space in self.settings.items():
                if isinstance(space, Range):
                    yield ("settings", path), "a range wants search: random; a grid wants a list"
            lists = [space for space in self.settings.values() if isinstance(space, tuple)]
            if (count := math.prod(map(len, lists))) > MOST_TRIALS:
                yield ("settings",), too_many("trials an arm", count, MOST_TRIALS)

    def candidates(self) -> list[dict[str, Any]]:
        """Return the values of each trial, in the order that settles ties.

        A random search draws distinct trials, numbers to three significant digits; where there
        are fewer than asked for, it returns those.
        """
        if self.search == "grid":
            combinations = itertools.product(*self.settings.values())
            return [dict(zip(self.settings, values, strict=True)) for values in combinations]
        generator = random.Random(self.search_seed)  # the same draws in every version of Python
        candidates: dict[tuple[Any, ...], dict[str, Any]] = {}
        wanted = self.trials or 0
        for _ in range(100 * wanted):
            values = {path: _draw(generator, space) for path, space in self.settings.items()}
            candidates.setdefault(tuple(self._keys(values)), values)
            if len(candidates) == wanted:
                break
        return list(candidates.values())

    def _keys(self, values: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what equals that of equal values: a list or mapping has no hash, but a place."""
        for path, value in values.items():
            if isinstance(value, Hashable):
                yield value
            else:
                yield "place", self.settings[path].index(value)


def _draw(generator: random.Random, space: tuple[Any, ...] | Range) -> Any:
    uniform = generator.random()
    if not isinstance(space, Range):
        return space[int(uniform * len(space))]
    low, high = (math.log(end) if space.log else end for end in (space.low, space.high))
    number = low + uniform * (high - low)
    rounded = float(f"{math.exp(number) if space.log else number:.{DIGITS}g}")
    return min(max(rounded, space.low), space.high)  # rounding must not leave the range


def seeds_apart(seeds: Sequence[int]) -> tuple[int, ...]:
    """Return five tuning seeds for a comparison on ``seeds``: 100 to 104.

    Where the comparison reaches 100, they start from the next hundred that it does not reach, so
    that seeds may be added to it without tuning anew.
    """
    first = SEEDS_APART * (max(seeds) // SEEDS_APART + 1)
    return tuple(range(first, first + DEFAULT_SEEDS))


def trial_name(values: Mapping[str, Any]) -> str:
    """Return the name of a trial, for instance ``learning_rate-0.01``."""
    return "_".join(f"{path.rsplit('.', 1)[-1]}-{label_of(v)}" for path, v in values.items())


def declared(changes: Mapping[str, Any], path: str) -> bool:
    """Return whether an arm's changes say what stands at ``path``, or below it."""
    return any(f"{own}.".startswith(f"{path}.") for own in flatten(change({}, changes)))


Scores = Mapping[str, Sequence[float | None]]
"""Trial → the metric of each of its runs; None for a run that diverged."""


def choose(tuning: Tuning, scores: Scores, better: Direction) -> TuningTrial | None:
    """Return the trial that the arm is compared at; None while the search is not complete.

    ``better`` is the direction of the metric.  Fewest diverged runs first, then the best mean of
    the metric over the others; of equal trials the one that is listed first.
    """
    if any(len(scores.get(trial.name, ())) < len(tuning.seeds) for trial in tuning.trials):
        return None
    sign = -1.0 if better == "higher" else 1.0

    def rank(trial: TuningTrial) -> tuple[int, float]:
        runs = scores[trial.name]
        mean = mean_score(runs)
        return runs.count(None), math.inf if mean is None else sign * mean

    return min(tuning.trials, key=rank)


def mean_score(runs: Sequence[float | None]) -> float | None:
    """Return the mean over the runs that did not diverge; None without any."""
    finite = [value for value in runs if value is not None]
    return math.fsum(finite) / len(finite) if finite else None


def on_the_edge(
    tuning: Tuning, chosen: Mapping[str, Any]
) -> dict[str, Literal["lowest", "highest"]]:
    """Return the numbers among the chosen values beyond which nothing was tried.

    A better value may lie outside: the search should be widened there.
    """
    edges: dict[str, Literal["lowest", "highest"]] = {}
    for path, value in chosen.items():
        tried = [trial.values[path] for trial in tuning.trials]
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in tried):
            continue
        if value == min(tried) != max(tried):
            edges[path] = "lowest"
        elif value == max(tried) != min(tried):
            edges[path] = "highest"
    return edges
