"""The record of looks: what stands, what does not, and a file that is none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablations.errors import AblationsError
from ablations.ledger import lock, looks
from ablations.ledger.looks import (
    declare_seeds,
    declared_seeds,
    read_looks,
    record_look,
    record_shown,
)
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


def test_other_seeds_than_before_are_another_look(path: Path) -> None:
    for seeds, noted in ((4, [4]), (4, [4]), (2, [4, 2]), (6, [4, 2, 6])):
        given = make_study(ARMS, seeds)
        record_shown(read_looks(given, path), given.seeds)
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
        record_shown(read_looks(make_study(ARMS, seeds), path), tuple(range(seeds)))
    now = make_study(**({"arms": ARMS, "seeds": 6} | changes))
    assert [len(look.seeds) for look in read_looks(now, path).undeclared] == noted


def test_a_look_at_other_seeds_is_a_pilot_and_one_at_some_of_them_is_not(path: Path) -> None:
    def of(*seeds: int) -> Study:
        return make_study(ARMS, len(seeds)).model_copy(update={"seeds": seeds})

    record_shown(read_looks(of(0, 1, 2), path), (0, 1, 2))
    fresh = read_looks(of(10, 11, 12, 13, 14, 15), path)
    assert fresh.undeclared == ()
    record_shown(fresh, fresh.study.seeds)
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


ONE_OF_TWO = """\
import sys
from pathlib import Path
from ablations.ledger.looks import declare_seeds, read_looks, record_look
from tests.support.synthetic_runs import make_study

number, path = int(sys.argv[1]), Path(sys.argv[2])
looks = read_looks(make_study(("sigmoid", "elu"), 6), path)
print("ready", flush=True)
sys.stdin.readline()
for count in range(1, 21):
    record_look(looks, tuple(range(count)), number / 10)
    declare_seeds(path, 20 * number + count)
"""


def test_no_look_is_lost_to_another_process_that_writes_at_once(path: Path) -> None:
    """Each read the record, changed what it had read, and wrote over what the other had written."""
    with ExitStack() as stack:
        both = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ONE_OF_TWO, number, str(path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    cwd=Path(__file__).parents[2],
                )
            )
            for number in ("1", "2")
        ]
        for each in both:
            assert each.stdout is not None
            assert each.stdout.readline() == b"ready\n"
        for each in both:
            assert each.stdin is not None
            each.stdin.write(b"go\n")
            each.stdin.flush()
        assert [each.wait() for each in both] == [0, 0]
    written = json.loads(path.read_text())
    kept = Counter(look["weight"] for look in written["looks"])
    assert (kept, written["seeds"]) == ({0.1: 20, 0.2: 20}, 60)


def test_a_look_that_comes_between_reading_and_writing_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``run --seeds`` beside a look: the look is written after the record was read."""
    given, real = make_study(ARMS, 4), looks.alone

    @contextmanager
    def late(locked: Path) -> Iterator[None]:
        monkeypatch.setattr(looks, "alone", real)
        record_shown(read_looks(given, path), given.seeds)
        with real(locked):
            yield

    monkeypatch.setattr(looks, "alone", late)
    declare_seeds(path, 20)
    assert declared_seeds(path) == 20
    assert len(read_looks(given, path).undeclared) == 1


def test_seeds_that_were_declared_are_never_fewer_again(path: Path) -> None:
    declare_seeds(path, 20)
    declare_seeds(path, 10)  # as who had read the record before the 20 were written
    assert declared_seeds(path) == 20


def test_a_record_that_another_process_never_leaves_alone_is_a_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.05)
    with lock.hold(path), pytest.raises(AblationsError, match="another process has been chang"):
        declare_seeds(path, 3)
    declare_seeds(path, 3)


def asked(study: Study, path: Path, **changes: Any) -> Study:
    """Note that verdicts were shown; return the study as it was changed then."""
    record_shown(read_looks(study, path), study.seeds)
    return Study.model_validate(study.model_dump(mode="json") | changes)


@pytest.mark.parametrize(
    ("changes", "before", "now"),
    [
        ({"margin": 0.5}, "0.005", "0.5"),
        ({"metric": "test_loss", "margin": 0.1}, "test_accuracy", "test_loss"),
        ({"control": "elu"}, "sigmoid", "elu"),
        ({"correction": "holm"}, "max_t", "holm"),
    ],
    ids=["margin", "metric", "control", "correction"],
)
def test_what_was_asked_otherwise_of_the_same_runs_is_known(
    path: Path, changes: Any, before: str, now: str
) -> None:
    (setting, *_) = changes
    first = make_study(ARMS, 4, margin=0.005)
    assert read_looks(first, path).changes is None
    other = asked(first, path, **changes)
    for _ in range(2):  # as well once it is noted, too
        found = read_looks(other, path).changes
        assert found is not None
        ((name, earlier, current),) = ((c.setting, c.before, c.now) for c in found.settings)
        assert (name, list(earlier), current) == (setting, [before], now)
        assert (found.added, found.removed, found.altered) == ((), (), ())
        record_shown(read_looks(other, path), other.seeds)
    assert len(json.loads(path.read_text())["looks"]) == 2
    back = read_looks(first, path).changes  # who goes back has seen the other verdicts
    assert back is not None
    assert [list(change.before) for change in back.settings] == [[now]]


def test_runs_that_were_paired_before_are_known(path: Path) -> None:
    first = make_study(ARMS, 4, correction="holm")
    found = read_looks(asked(first, path, replicates="independent"), path).changes
    assert found is not None
    assert [(c.setting, list(c.before), c.now) for c in found.settings] == [
        ("replicates", ["paired"], "independent")
    ]


def test_arms_that_came_went_or_changed_since_verdicts_were_shown_are_known(path: Path) -> None:
    first = make_study(("sigmoid", "elu", "tanh", "relu"), 4)
    asked(first, path)
    now = make_study(("sigmoid", "elu", "gelu", "relu"), 4)
    other = now.arm("tanh" if "tanh" in now.arm_names else "gelu").recipe
    arms = tuple(
        arm.model_copy(update={"recipe": other}) if arm.name == "relu" else arm for arm in now.arms
    )
    found = read_looks(now.model_copy(update={"arms": arms}), path).changes
    assert found is not None
    assert (found.added, found.removed, found.altered) == (("gelu",), ("tanh",), ("relu",))
    assert found.settings == ()


def test_what_was_asked_of_other_runs_says_nothing(path: Path) -> None:
    first = make_study(ARMS, 4, margin=0.005)
    asked(first, path)
    other_seeds = first.model_copy(update={"seeds": (10, 11), "margin": 0.5})
    assert read_looks(other_seeds, path).changes is None
    other_arms = make_study(("sigmoid", "relu"), 4, margin=0.5)
    assert read_looks(other_arms, path).changes is None


def test_a_margin_that_changes_after_a_declared_look_is_known_and_the_look_stands(
    path: Path,
) -> None:
    begun = read_looks(study(margin=0.005), path)
    record_look(begun, (0, 1), 0.5, {"elu": "better"})
    other = study(margin=0.5)
    looks = read_looks(other, path)
    record_shown(looks, other.seeds)
    again = read_looks(other, path)
    assert (again.taken, again.undeclared) == (looks.taken, ())
    assert again.changes is not None
    assert [list(c.before) for c in again.changes.settings] == [["0.005"]]
    back = read_looks(study(margin=0.005), path).changes
    assert back is not None
    assert [list(c.before) for c in back.settings] == [["0.5"]]


def test_an_older_record_is_read_and_says_no_margin(path: Path) -> None:
    first = make_study(ARMS, 4, margin=0.005)
    asked(first, path)
    content = json.loads(path.read_text())
    for look in content["looks"]:
        del look["margin"], look["correction"], look["replicates"]
    path.write_text(json.dumps(content))
    found = read_looks(make_study(ARMS, 4, margin=0.5), path)
    assert (len(found.undeclared), found.changes) == (1, None)
    changed = read_looks(make_study(ARMS, 4, metric="test_loss"), path).changes
    assert changed is not None
    assert [change.setting for change in changed.settings] == ["metric"]
