"""The record of looks: what stands, what does not, and a file that is none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablations.errors import AblationsError
from ablations.ledger.looks import read_looks, record_look, record_undeclared
from ablations.study.expand import expand
from ablations.study.schema import Study
from tests.support.synthetic_runs import make_study

ARMS = ("sigmoid", "elu", "tanh")


def study(arms: Sequence[str] = ARMS, **changes: Any) -> Study:
    return make_study(arms, 6, **({"looks": (2, 4, 6), "look_weights": (0.5, 0.3, 0.2)} | changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "looks.json"


def test_an_arm_that_left_wants_no_later_seed_and_the_control_goes_on(path: Path) -> None:
    looks = read_looks(study(), path)
    assert (looks.taken, looks.over, looks.next_seeds) == ((), False, (0, 1))
    looks = record_look(looks, looks.next_seeds, 0.5, {"elu": "better"})
    assert (looks.over, looks.next_seeds) == (False, (0, 1, 2, 3))
    assert [looks.seeds_of(arm) for arm in ARMS] == [tuple(range(6)), (0, 1), tuple(range(6))]
    to_come = [run for run in expand(looks.study) if looks.next_wants(run)]
    assert [(run.arm, run.seed) for run in to_come if run.seed > 1] == [
        ("sigmoid", 2),
        ("sigmoid", 3),
        ("tanh", 2),
        ("tanh", 3),
    ]
    looks = record_look(looks, looks.next_seeds, 0.3, {"tanh": "futile"})
    assert looks.over  # none is left to compare, so the control stops too
    assert [looks.seeds_of(arm) for arm in ARMS] == [(0, 1, 2, 3), (0, 1), (0, 1, 2, 3)]
    assert read_looks(study(), path) == looks


def test_looks_are_over_after_the_last_one(path: Path) -> None:
    looks = read_looks(study(), path)
    for weight in (0.5, 0.3, 0.2):
        assert not looks.over
        looks = record_look(looks, looks.next_seeds, weight)
    assert (looks.over, looks.next_seeds, looks.left) == (True, tuple(range(6)), {})


def test_a_look_that_two_processes_took_counts_once(path: Path) -> None:
    looks = read_looks(study(), path)
    for arm in ("elu", "tanh"):
        record_look(looks, (0, 1), 0.5, {arm: "better"})
    again = read_looks(study(), path)
    assert (len(again.taken), list(again.left)) == (1, ["elu"])


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "test_loss"},
        {"control": "elu"},
        {"arms": ("sigmoid", "elu")},
    ],
)
def test_looks_at_another_comparison_say_nothing_and_are_kept(path: Path, changes: Any) -> None:
    record_look(read_looks(study(), path), (0, 1), 0.5, {"elu": "better"})
    other = read_looks(study(**changes), path)
    assert (other.taken, other.undeclared) == ((), ())
    record_look(other, (0, 1), 0.5)
    assert read_looks(study(), path).left.keys() == {"elu"}


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"looks": (3, 6), "look_weights": (0.5, 0.5)}, "declares 3 with 0.5"),
        ({"look_weights": (0.4, 0.4, 0.2)}, "declares 2 with 0.4"),
        ({"seeds": [1, 2, 3, 4, 5, 6]}, "declares other seeds"),
    ],
)
def test_other_looks_than_those_that_were_begun_are_refused_in_a_line(
    path: Path, changes: Any, now: str
) -> None:
    record_look(read_looks(study(), path), (0, 1), 0.5)
    with pytest.raises(AblationsError, match=f"{now}; wants the looks that were begun") as caught:
        read_looks(Study.model_validate(study().model_dump(mode="json") | changes), path)
    assert "\n" not in str(caught.value)


def test_more_seeds_than_before_are_another_look(path: Path) -> None:
    for seeds, noted in ((4, [4]), (4, [4]), (2, [4]), (6, [4, 6])):
        given = make_study(ARMS, seeds)
        record_undeclared(read_looks(given, path))
        assert [len(look.seeds) for look in read_looks(given, path).undeclared] == noted


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({"arms": (*ARMS, "relu")}, [4, 6]),
        ({"arms": ARMS[:2]}, [4, 6]),
        ({"control": "elu"}, []),
        ({"metric": "test_loss"}, []),
        ({"arms": ("sigmoid", "relu")}, []),
    ],
    ids=["an arm more", "an arm less", "another control", "another metric", "no arm of then"],
)
def test_what_was_seen_before_an_arm_was_added_was_seen(
    path: Path, changes: Any, noted: list[int]
) -> None:
    for seeds in (4, 6):
        record_undeclared(read_looks(make_study(ARMS, seeds), path))
    now = make_study(**({"arms": ARMS, "seeds": 6} | changes))
    assert [len(look.seeds) for look in read_looks(now, path).undeclared] == noted


def test_a_look_at_other_seeds_is_a_pilot_and_one_at_some_of_them_is_not(path: Path) -> None:
    def of(*seeds: int) -> Study:
        return make_study(ARMS, len(seeds)).model_copy(update={"seeds": seeds})

    record_undeclared(read_looks(of(0, 1, 2), path))
    fresh = read_looks(of(10, 11, 12, 13, 14, 15), path)
    assert fresh.undeclared == ()
    record_undeclared(fresh)
    assert [look.seeds for look in read_looks(fresh.study, path).undeclared] == [fresh.study.seeds]
    both = read_looks(of(2, 10, 11, 12, 13, 14, 15), path)
    assert [len(look.seeds) for look in both.undeclared] == [3, 6]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 2}', '{"schema": 1, "looks": [{"seeds": "all"}]}']
)
def test_a_file_that_is_no_record_is_refused_in_a_line(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(AblationsError, match="not a record of looks") as caught:
        read_looks(study(), path)
    assert "\n" not in str(caught.value)


def test_a_record_that_cannot_be_written_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    looks = read_looks(study(), tmp_path / "none" / "looks.json")
    looks = replace(looks, path=tmp_path / "file" / "looks.json")
    with pytest.raises(AblationsError) as caught:
        record_look(looks, (0, 1), 0.5)
    assert "\n" not in str(caught.value)


def test_the_record_says_what_it_is(path: Path) -> None:
    record_look(read_looks(study(), path), (0, 1), 0.5, {"elu": "better"})
    content = json.loads(path.read_text())
    (look,) = content["looks"]
    assert content["schema"] == 1
    assert {key: look[key] for key in ("seeds", "weight", "left")} == {
        "seeds": [0, 1],
        "weight": 0.5,
        "left": {"elu": "better"},
    }
