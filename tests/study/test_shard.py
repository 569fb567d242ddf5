"""Shards divide a study's runs without a word to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import mean

import pytest

from ablations.errors import AblationsError
from ablations.study.expand import Run
from ablations.study.shard import Shard
from tests.support.running import make_recipe

RECIPE = make_recipe()


def runs(arms: Iterable[str], seeds: Iterable[int], trial: str = "") -> list[Run]:
    return [Run("study", arm, seed, RECIPE, trial) for arm in arms for seed in seeds]


def shard_of(run: Run, count: int) -> int:
    (number,) = (n for n in range(1, count + 1) if Shard(n, count).holds(run))
    return number  # each run is in one shard, and in one only


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 40, 100])
def test_shards_are_disjoint_and_complete_and_an_arm_is_divided_to_within_one(count: int) -> None:
    for trial in ("", "rate=0.1"):
        for arm in ("elu", "relu", "Ä"):
            held = Counter(shard_of(run, count) for run in runs([arm], range(10), trial))
            assert held.total() == 10
            assert max(held.values()) <= -(-10 // count)


def test_a_run_stays_in_its_shard_as_arms_and_seeds_are_added() -> None:
    few = {str(run): shard_of(run, 4) for run in runs(["a", "b"], range(5))}
    more = {str(run): shard_of(run, 4) for run in runs(["0", "a", "aa", "b"], range(100))}
    assert few.items() <= more.items()
    assert few["study/a/seed-0"] == 2  # for ever: a job array may go on years later


def test_no_shard_has_much_more_than_its_share(show: Callable[[str], None]) -> None:
    def largest(arms: int, seeds: int, count: int) -> float:
        """Return the largest shard's runs, the mean over 50 studies."""
        names: Sequence[list[str]] = [[f"{s}-{n}" for n in range(arms)] for s in range(50)]
        held = (Counter(shard_of(r, count) for r in runs(each, range(seeds))) for each in names)
        return mean(max(each.values()) for each in held)

    one, other = largest(4, 10, 4), largest(17, 10, 4)
    assert one <= 12
    assert other <= 47
    show(f"the largest of 4 shards: {one:.1f} of 40 runs (10 each), {other:.1f} of 170 (42.5 each)")


@pytest.mark.parametrize(
    "text", ["", "1", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1/9999999"]
)
def test_what_is_no_shard_is_one_clear_line(text: str) -> None:
    with pytest.raises(AblationsError, match=r"^--shard: wants I/N with I from 1 to N.*$"):
        Shard.parse(text)


def test_a_shard_is_read_and_written_alike() -> None:
    assert Shard.parse("2/16") == Shard(2, 16)
    assert str(Shard.parse("2/16")) == "2/16"
