import json
import os
from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.read.collect import collect, recorded_studies
from ablations.errors import AblationsError
from ablations.ledger.fingerprint import fingerprint
from ablations.own_files import EDITED
from ablations.study.schema import Study


def left_out(collected: Any) -> set[tuple[str, str, tuple[int, ...]]]:
    return {(entry.kind, entry.arm, entry.seeds) for entry in collected.left_out}


def test_a_complete_study_leaves_nothing_out(synthetic: Any) -> None:
    made = synthetic()
    for arm in made.study.arm_names:
        for seed in range(3):
            made.add(arm, seed, accuracy=0.5 + 0.1 * seed)
    collected = collect(made.runs, "activations")
    assert collected.study == made.study
    assert collected.left_out == ()
    assert [(run.arm, run.seed) for run in collected.runs] == [
        (arm, seed) for arm in ("sigmoid", "elu") for seed in range(3)
    ]
    assert collected.values("elu", "test_accuracy") == {0: 0.5, 1: 0.6, 2: 0.7}
    assert collected.values("elu", "train_seconds") == {0: 12.5, 1: 12.5, 2: 12.5}


def counted(collected: Any) -> dict[str, list[int]]:
    arms = collected.study.arm_names
    return {arm: [run.seed for run in collected.of_arm(arm)] for arm in arms}


def test_an_arm_of_other_code_than_the_controls_is_left_out(synthetic: Any) -> None:
    made = synthetic()
    for seed in range(3):
        made.add("sigmoid", seed, made_of={"train.py": "a", "helper.py": "old"})
        made.add("elu", seed, made_of={"helper.py": "new", "train.py": "a"})
    collected = collect(made.runs, "activations")
    assert counted(collected) == {"sigmoid": [0, 1, 2], "elu": []}
    (entry,) = collected.left_out
    assert (entry.kind, entry.arm, entry.seeds) == ("other code", "elu", (0, 1, 2))
    assert entry.reason == "made of another version of helper.py than the control's runs"


def test_seeds_of_the_control_of_two_codes_are_not_mixed(synthetic: Any) -> None:
    made = synthetic()
    for seed, code in enumerate(["old", "new", "new"]):
        made.add("sigmoid", seed, made_of={"helper.py": code})
        made.add("elu", seed, made_of={"helper.py": "new", "of_elu.py": "b"})
    collected = collect(made.runs, "activations")
    assert counted(collected) == {"sigmoid": [1, 2], "elu": [0, 1, 2]}
    (entry,) = collected.left_out
    assert entry.reason == "made of another version of helper.py than most runs of the control"
    made.add("sigmoid", 2, made_of={"helper.py": "old"})
    assert counted(collect(made.runs, "activations")) == {"sigmoid": [0, 2], "elu": []}


def test_of_as_many_runs_of_two_codes_those_that_finished_last_count(synthetic: Any) -> None:
    made = synthetic()
    for seed, code in enumerate(["new", "old"]):
        made.add("sigmoid", seed, made_of={"helper.py": code}, finished_at=f"2026-01-0{2 - seed}")
    assert counted(collect(made.runs, "activations")) == {"sigmoid": [0], "elu": []}


def test_a_file_that_was_edited_meanwhile_or_is_no_ones_else_compares_with_none(
    synthetic: Any,
) -> None:
    made = synthetic()
    for seed in range(2):
        made.add("sigmoid", seed, made_of={"helper.py": EDITED})
        made.add("elu", seed, made_of={"of_elu.py": f"version {seed}"}, finished_at=str(seed))
    collected = collect(made.runs, "activations")
    assert counted(collected) == {"sigmoid": [], "elu": [1]}
    why = "helper.py was edited while the run trained, so its version is not known"
    assert why in {entry.reason for entry in collected.left_out}


def test_results_that_record_no_files_are_compared_as_before(synthetic: Any) -> None:
    made = synthetic()
    for seed in range(2):
        made.add("sigmoid", seed)
        made.add("elu", seed, made_of={"helper.py": "new"})
    assert counted(collect(made.runs, "activations")) == {"sigmoid": [0, 1], "elu": [0, 1]}


def test_everything_that_does_not_count_is_named(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 8)
    for seed in range(8):
        made.add("sigmoid", seed)
    made.add("elu", 0)
    made.add("elu", 1, fingerprint="of another recipe")
    made.add("elu", 2, status="failed", reason="out of memory")
    (made.add("elu", 3) / "result.json").write_text('{"schema": 1, "stu')
    made.add("elu", 4, study="optimizers")
    (made.add("elu", 5) / "result.json").unlink()
    made.add("elu", 12)
    made.add("tanh", 0)
    made.add("elu", 6, metrics={"test_loss": 0.1})
    (made.runs / "activations" / "summary" / "elu").mkdir(parents=True)
    (made.runs / "activations" / ".hidden" / "seed-0").mkdir(parents=True)
    collected = collect(made.runs, "activations")
    assert left_out(collected) == {
        ("stale", "elu", (1,)),
        ("failed", "elu", (2,)),
        ("unreadable", "elu", (3,)),
        ("foreign", "elu", (4,)),
        ("unfinished", "elu", (5,)),
        ("incomplete", "elu", (6,)),
        ("missing", "elu", (7,)),
        ("removed", "tanh", (0,)),
        ("undeclared", "elu", (12,)),
    }
    assert sorted(collected.values("elu", "test_accuracy")) == [0]


def test_runs_of_different_data_are_never_paired(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 5)

    def add(arm: str, seed: int, data: str) -> None:
        mark = fingerprint(made.study.arm(arm).recipe, seed, data)
        made.add(arm, seed, data_digest=data, fingerprint=mark)

    for arm in made.study.arm_names:
        for seed in range(5):
            add(
                arm,
                seed,
                "old" if (arm, seed) in (("elu", 0), ("elu", 1), ("sigmoid", 1)) else "new",
            )
    collected = collect(made.runs, "activations")
    assert left_out(collected) == {
        ("other data", "sigmoid", (1,)),
        ("other data", "elu", (0, 1)),
    }
    assert sorted(collected.values("elu", "test_accuracy")) == [2, 3, 4]
    assert sorted(collected.values("sigmoid", "test_accuracy")) == [0, 2, 3, 4]


def test_arms_may_have_data_of_their_own(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    few = {"data": {"name": "digits", "train_examples": 100}}
    arms = [arm.model_dump(mode="json") for arm in made.study.arms]
    arms[1]["recipe"] |= few
    made.study = Study.model_validate(made.study.model_dump(mode="json") | {"arms": arms})
    made.write_record()
    for seed in range(2):
        made.add("sigmoid", seed)
        mark = fingerprint(made.study.arm("elu").recipe, seed, "of the few")
        made.add("elu", seed, data_digest="of the few", fingerprint=mark)
    assert left_out(collect(made.runs, "activations")) == set()


def test_stale_means_another_recipe_seed_or_data(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1)
    made.add("sigmoid", 0, data_digest="other data")
    made.add("elu", 0)
    assert left_out(collect(made.runs, "activations")) == {("stale", "sigmoid", (0,))}


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"schema": 2}', "\x00", '{"schema": 1}', "[" * 100_000, "null"],
    ids=["empty", "list", "mapping", "version", "binary", "bare", "deep", "null"],
)
def test_torn_and_foreign_files_are_named_without_their_path(synthetic: Any, content: str) -> None:
    made = synthetic(("sigmoid", "elu"), 1)
    (made.add("sigmoid", 0) / "result.json").write_text(content)
    entry = collect(made.runs, "activations").left_out[0]
    assert (entry.kind, entry.arm, entry.seeds) == ("unreadable", "sigmoid", (0,))
    assert str(made.runs) not in entry.reason


def test_a_directory_in_place_of_a_result(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1)
    result = made.add("sigmoid", 0) / "result.json"
    result.unlink()
    result.mkdir()
    entry = collect(made.runs, "activations").left_out[0]
    assert entry.kind == "unreadable"
    assert str(made.runs) not in entry.reason


def test_a_result_with_a_number_that_is_not_finite_is_unreadable(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1)
    path = made.add("sigmoid", 0) / "result.json"
    data = json.loads(path.read_text())
    data["metrics"]["test_accuracy"] = float("nan")
    path.write_text(json.dumps(data))
    collected = collect(made.runs, "activations")
    assert collected.values("sigmoid", "test_accuracy") == {}
    assert ("unreadable", "sigmoid", (0,)) in left_out(collected)


def test_odd_directories_with_results_are_named(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1)
    made.add("elu", 0)
    (made.add("sigmoid", 0)).rename(made.runs / "activations" / "sigmoid" / "seed-007")
    kinds = left_out(collect(made.runs, "activations"))
    assert kinds == {("foreign", "sigmoid", ()), ("missing", "sigmoid", (0,))}


def test_a_link_out_of_the_runs_is_not_followed(synthetic: Any, tmp_path: Path) -> None:
    made = synthetic(("sigmoid", "elu"), 1)
    made.add("elu", 0)
    made.add("sigmoid", 0)
    away = tmp_path / "away"
    (made.runs / "activations" / "sigmoid").rename(away)
    os.symlink(away, made.runs / "activations" / "sigmoid")
    assert ("unreadable", "sigmoid", (0,)) in left_out(collect(made.runs, "activations"))


def test_recorded_studies_are_directories_with_a_record(synthetic: Any) -> None:
    made = synthetic()
    (made.runs / "empty").mkdir()
    assert recorded_studies(made.runs) == ["activations"]
    assert recorded_studies(made.runs / "nowhere") == []


@pytest.mark.parametrize("name", ["activation", "../activations", "", "a/b"])
def test_an_unknown_study_is_one_clear_line(synthetic: Any, name: str) -> None:
    made = synthetic()
    with pytest.raises(AblationsError) as error:
        collect(made.runs, name)
    assert "\n" not in str(error.value)
    assert str(made.runs) in str(error.value)
    assert "activations" in str(error.value)


@pytest.mark.parametrize("text", ["study: [", "study: x\n", "- 1\n", "\x00", "a: &b 1\n"])
def test_a_broken_record_is_one_clear_line(synthetic: Any, text: str) -> None:
    made = synthetic()
    record = made.runs / "activations" / "study.yaml"
    record.write_text(text)
    with pytest.raises(AblationsError) as error:
        collect(made.runs, "activations")
    assert "\n" not in str(error.value)
    assert str(record) in str(error.value)
    assert "ablations run activations" in str(error.value)


def test_a_damaged_history_is_named_and_its_good_prefix_read(synthetic: Any) -> None:
    study = synthetic(["a", "b"], seeds=2)
    for arm in ("a", "b"):
        for seed in (0, 1):
            study.add(arm, seed)
    path = study.directory("b", 1).metrics
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:-5])
    collected = collect(study.runs, study.study.study)
    assert [len(run.history()) for run in collected.runs] == [3, 3, 3, 1]
    assert all(run.counts for run in collected.runs)
    (entry,) = collected.left_out
    assert (entry.kind, entry.arm, entry.seeds) == ("damaged", "b", (1,))
    assert entry.reason == "1 of the 3 epochs of its curve can be read; its final metrics count"
    path.unlink()  # as of a study that keeps no curves
    assert collect(study.runs, study.study.study).left_out == ()
