"""Every metric is declared once, and every declaration is met by a value."""

from __future__ import annotations

import math

import pytest

from ablations.study.declared_metrics import (
    DeclaredMetric,
    metrics_of,
    shares_of,
    wrong_declarations,
)
from ablations.study.free_recipes import FreeRecipe
from ablations.study.metrics import (
    EPOCH_METRICS,
    METRICS,
    STAGE_METRICS,
    Summary,
    logged_metric,
    scores_if_diverged,
)
from ablations.study.scores import SCORES, better_of
from ablations.study.tasks import CLASSIFICATION
from ablations.telemetry import tags
from tests.support.running import make_recipe


@pytest.mark.parametrize(
    ("summary", "curve", "wanted"),
    [
        (Summary("validation_accuracy", "best"), [0.2, 0.9, math.nan, 0.5], 0.9),
        (Summary("validation_loss", "best", "lower"), [0.2, 0.9, math.inf, 0.1, 0.5], 0.1),
        (Summary("train_loss", "last"), [0.2, 0.9, math.inf], 0.9),
        (Summary("train_loss", "last"), [math.nan], None),
        (Summary("validation_accuracy", "tested"), [0.2, 0.9, 0.5], 0.5),
        (Summary("validation_loss", "best", "lower"), [], None),
    ],
)
def test_a_curve_is_summarized_by_its_finite_values(
    summary: Summary, curve: list[float], wanted: float | None
) -> None:
    assert summary.of(curve) == wanted


def test_the_tested_epoch_may_be_another_than_the_last() -> None:
    tested = Summary("validation_accuracy", "tested")
    assert tested.of([0.2, 0.9, 0.5], tested=1) == 0.9
    assert tested.of([0.2, math.nan, 0.5], tested=1) is None


def test_a_summary_is_of_a_declared_metric_and_the_best_has_a_direction() -> None:
    summaries = [metric.summary for metric in METRICS.values() if metric.summary]
    assert [s for s in summaries if s.metric not in EPOCH_METRICS] == []
    assert [
        s for s in summaries if s.take == "best" and s.better != EPOCH_METRICS[s.metric].better
    ] == []


def test_each_final_metric_is_computed_in_one_place(tensorflow: object) -> None:
    from ablations.training.trainers.compiled.final_metrics import final_metrics_of

    computed = {name for name, _ in final_metrics_of(CLASSIFICATION)}
    summarized = {name for name, metric in METRICS.items() if metric.summary}
    assert summarized.isdisjoint(computed)
    timed = {"train_seconds"}  # of the result's own seconds
    assert METRICS.keys() == summarized | computed | timed


def test_a_tag_is_of_one_metric() -> None:
    declared = [metric.tag for metric in EPOCH_METRICS.values() if metric.tag]
    assert sorted(declared) == sorted(set(declared))
    assert sorted([*tags.EPOCH_SCALARS.values(), *tags.STAGE_SCALARS.values()]) == sorted(declared)


def test_what_replaces_a_metric_is_of_the_same_kind() -> None:
    for metric in STAGE_METRICS.values():
        if metric.replaces:
            replaced = EPOCH_METRICS[metric.replaces]
            assert (metric.better, metric.percent) == (replaced.better, replaced.percent)


def test_a_diverged_run_scores_what_a_guess_among_the_classes_does() -> None:
    scores = scores_if_diverged(METRICS, 10)
    accuracies = {name for name in METRICS if "accuracy" in name}
    losses = {name for name in METRICS if "loss" in name}
    assert {scores[name] for name in accuracies} == {0.1}
    assert {round(scores[name], 6) for name in losses} == {2.302585}
    assert set(scores) == accuracies | losses


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("test_loss", "lower"),
        ("test_mae", "lower"),
        ("validation_rmse_best", "lower"),
        ("test_auc_raw", "higher"),
        ("validation_my_score_last", "higher"),
        ("test_temperature", None),
    ],
)
def test_a_name_tells_which_direction_is_better(name: str, better: str | None) -> None:
    assert better_of(name) == better


def test_a_name_tells_nothing_wrong_of_what_keras_measures() -> None:
    told = {name: better_of(name) for name in SCORES}
    assert {n: b for n, b in told.items() if b not in (None, SCORES[n].better)} == {}


@pytest.mark.parametrize("unit", ["percent", "%", "points"])
def test_a_declared_percentage_is_a_number_from_0_to_100(unit: str) -> None:
    recipe, declared = FreeRecipe(), {"test_accuracy": DeclaredMetric(unit=unit)}
    known = metrics_of([recipe], declared)
    for name in ("test_accuracy", "validation_accuracy_best", "generalization_gap"):
        assert (known[name].unit, known[name].percent) == ("%", False)
        assert metrics_of([recipe], {})[name].percent
    guess = known["test_accuracy"].if_diverged
    assert guess is not None
    assert guess(10) == pytest.approx(10.0)
    curve = logged_metric("train_accuracy", known)
    assert curve is not None
    assert (curve.unit, curve.percent) == ("%", False)
    assert shares_of(known) & {"test_accuracy", "validation_accuracy", "train_accuracy"} == set()
    assert "weight_sparsity" in shares_of(known)


def test_points_of_what_is_no_share_stay_a_unit_like_any_other() -> None:
    known = metrics_of([FreeRecipe()], {"error": DeclaredMetric(unit="points")})
    assert (known["error"].unit, known["error"].percent) == ("points", False)
    known = metrics_of([FreeRecipe()], {"error": DeclaredMetric(unit="percent")})
    assert (known["error"].unit, known["error"].percent) == ("%", False)


def test_what_the_suite_measures_itself_is_a_share_whatever_a_study_declares() -> None:
    recipe = make_recipe()
    declared = {"test_accuracy": DeclaredMetric(unit="percent")}
    assert list(wrong_declarations([recipe], declared)) == [
        (
            ("metrics", "test_accuracy", "unit"),
            "test_accuracy is measured as a share, and shown in percent as it is; expected no unit",
        )
    ]
