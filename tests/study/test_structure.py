"""What of a recipe shapes a program, and which of its numbers are live."""

from __future__ import annotations

import pytest

from ablations.study.frozen import Frozen, NonNegative
from ablations.study.structure import live_numbers, structure
from ablations.study.technique import HostOnly, Live, Technique


class Inner(Technique):
    name: str = "inner"
    rate: Live[NonNegative | None] = 0.5
    start: HostOnly[int] = 3


class Outer(Frozen):
    scale: Live[float] = 2.0
    depth: int = 4
    seeds: HostOnly[tuple[int, ...]] = (1, 2)
    inner: Inner | None = Inner()


def test_live_values_and_host_only_settings_shape_nothing():
    other = Outer(scale=7.0, seeds=(3,), inner=Inner(rate=0.1, start=9))
    assert structure(Outer()) == structure(other)
    assert structure(Outer()) == {
        "scale": "live",
        "depth": 4,
        "inner": {"name": "inner", "rate": "live"},
    }


@pytest.mark.parametrize(
    "changes", [{"depth": 5}, {"scale": 0.0}, {"inner": None}, {"inner": Inner(rate=None)}], ids=str
)
def test_all_else_does_and_so_does_a_live_number_that_is_zero_or_null(changes):
    assert structure(Outer(**changes)) != structure(Outer())


def test_live_numbers_are_found_at_every_depth_where_they_are_in_use():
    assert live_numbers(Outer()) == {"scale": 2.0, "inner.rate": 0.5}
    assert live_numbers(Outer(scale=0.0, inner=Inner(rate=None))) == {}


def test_a_role_that_nothing_would_read_is_refused_where_it_is_declared():
    with pytest.raises(TypeError, match=r"Hidden\.rate: wants the role outermost"):

        class Hidden(Technique):
            name: str = "hidden"
            rate: Live[float] | None = None
