from __future__ import annotations

import json
from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.page import build_page
from ablations.ledger.inert import InertArm, inert_arms
from tests.support.synthetic_runs import SyntheticStudy, make_study

ARMS = ("sigmoid", "elu", "tanh")


@pytest.fixture
def made(tmp_path: Any) -> SyntheticStudy:
    """The runs of elu equal the control's but for times; those of tanh do not."""
    study = SyntheticStudy(tmp_path / "runs", make_study(ARMS, 3))
    study.write_record()
    for number, arm in enumerate(ARMS):
        for seed in study.study.seeds:
            add(study, arm, seed, 0.8 + 0.01 * seed + 0.1 * (arm == "tanh"), 1.0 + number)
    return study


def add(made: SyntheticStudy, arm: str, seed: int, accuracy: float, microseconds: float) -> None:
    times = {"inference_microseconds_per_sample": microseconds}
    made.add(arm, seed, metrics={"test_accuracy": accuracy, **times})


def inert(made: SyntheticStudy) -> tuple[InertArm, ...]:
    return inert_arms(
        made.study, [run.standing for run in collect(made.runs, made.study.study).runs]
    )


def test_an_arm_that_equals_the_control_but_for_times_is_inert(made: Any) -> None:
    assert inert(made) == (InertArm("elu", "sigmoid", (0, 1, 2)),)


def test_it_is_inert_beside_another_arm_too(made: Any) -> None:
    for seed in made.study.seeds:
        add(made, "elu", seed, 0.9 + 0.01 * seed, 9.0)
        add(made, "tanh", seed, 0.9 + 0.01 * seed, 8.0)
    assert inert(made) == (InertArm("tanh", "elu", (0, 1, 2)),)


def test_one_seed_that_differs_in_the_last_bit_is_enough_not_to_be(made: Any) -> None:
    add(made, "elu", 1, 0.81 + 2**-53, 2.0)
    assert inert(made) == ()


def test_one_epoch_that_differs_is_enough_too(made: Any) -> None:
    path = made.directory("elu", 2).metrics
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["train_loss"] += 1e-12
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert inert(made) == ()


def test_what_only_one_of_them_measures_tells_nothing(made: Any) -> None:
    path = made.directory("elu", 2).metrics
    lines = [json.loads(line) | {"share_of_steps_clipped": 0.0, "seconds": 3.0} for line in
             path.read_text().splitlines()]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [arm.arm for arm in inert(made)] == ["elu"]


def test_only_seeds_that_both_have_finished_are_compared(made: Any) -> None:
    made.directory("elu", 1).result.unlink()
    assert inert(made) == (InertArm("elu", "sigmoid", (0, 2)),)
    made.add("elu", 2, status="failed", reason="no memory")
    assert inert(made) == ()  # one run says nothing of other seeds


def test_a_declared_copy_is_not_inert(tmp_path: Any) -> None:
    study = make_study(("sigmoid", "elu"), 2)
    copied = study.arms[0].model_copy(update={"name": "again"})
    study = study.model_copy(update={"arms": (study.arms[0], copied)})
    made = SyntheticStudy(tmp_path / "runs", study)
    made.write_record()
    for arm in study.arm_names:
        for seed in study.seeds:
            made.add(arm, seed, accuracy=0.9)
    assert inert(made) == ()


def test_the_report_says_so_before_its_numbers(made: Any) -> None:
    page = build_page(infer(collect(made.runs, made.study.study)))
    wanted = "elu is inert: its 3 runs equal the control's to the last bit."
    assert wanted in [notice.text for notice in page.notices]


def test_of_two_arms_that_are_one_training_none_is_called_inert(made: Any) -> None:
    for seed in made.study.seeds:
        add(made, "elu", seed, 0.9 + 0.01 * seed, 9.0)
        add(made, "tanh", seed, 0.9 + 0.01 * seed, 8.0)
    page = build_page(infer(collect(made.runs, made.study.study)))
    wanted = (
        "tanh and elu are one training: their 3 runs each are equal to the last bit, so the "
        "settings in which they differ change nothing."
    )
    assert wanted in [notice.text for notice in page.notices]


@pytest.mark.parametrize("digests", [("a", "a"), ("a", "b"), ("a", ""), ("", "")])
def test_equal_scores_of_other_weights_are_not_inert(
    made: SyntheticStudy, digests: tuple[str, str]
) -> None:
    for arm, digest in zip(("sigmoid", "elu"), digests, strict=True):
        for seed in made.study.seeds:
            metrics = {"test_accuracy": 0.8 + 0.01 * seed}
            made.add(arm, seed, metrics=metrics, weights_digest=digest and f"{digest}{seed}")
    assert [found.arm for found in inert(made)] == (["elu"] if digests != ("a", "b") else [])


def test_one_coarse_metric_without_a_loss_tells_nothing_where_weights_are_not_known(
    made: SyntheticStudy,
) -> None:
    for arm in ("sigmoid", "elu"):
        for seed in made.study.seeds:
            made.directory(arm, seed).metrics.unlink()
            made.add(arm, seed, curve=(), metrics={"test_accuracy": 0.8 + 0.01 * seed})
    assert inert(made) == ()


def test_seeds_of_equal_accuracy_and_other_weights_each_count(made: SyntheticStudy) -> None:
    for arm in ARMS:
        for seed in made.study.seeds:
            score = {"test_accuracy": 0.8}
            made.add(
                arm, seed, metrics=score, weights_digest=f"{arm}{seed}" if arm == "elu" else ""
            )
    collected = collect(made.runs, made.study.study)
    assert set(collected.repeating) == {"sigmoid", "tanh"}
    assert collected.replicates(made.study.seeds, ARMS) == [0, 1, 2]
    assert collected.replicates(made.study.seeds, ("sigmoid", "tanh")) == [0]
