"""What the Custom Scalars dashboard draws: charts in order, and close-ups with visible bands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.custom_scalar import layout_pb2

from ablations.study.free_recipes import FreeRecipe
from ablations.study.metrics import EPOCH_METRICS
from ablations.study.schema import Arm, DeclaredMetric, Study
from ablations.telemetry import tags
from ablations.telemetry.bands import WIDEST, EpochBand, arms_close_up, close_ups
from ablations.telemetry.layout import band_layout
from ablations.telemetry.study_events import write_answer, write_bands, write_report
from tests.support.synthetic_runs import make_study

ACCURACY = "validation_accuracy"


def band(ends: float, half: float, metric: str = ACCURACY, epochs: int = 8) -> list[EpochBand]:
    """An arm that rises from 0.1 and stands still in the second half of training."""
    means = np.concatenate([np.linspace(0.1, ends, epochs // 2), np.full(epochs // 2, ends)])
    return [EpochBand(n, {metric: (m, half)}) for n, m in enumerate(means.tolist(), start=1)]


def test_an_arm_that_is_far_off_is_in_no_close_up() -> None:
    bands = {"off": band(0.1, 0.002), "good": band(0.86, 0.002), "best": band(0.87, 0.002)}
    assert arms_close_up(bands, ACCURACY) == ["best", "good"]
    lower = {name: band(1 - b[-1].intervals[ACCURACY][0], 0.002, "validation_loss")
             for name, b in bands.items()}  # fmt: skip
    assert arms_close_up(lower, "validation_loss", higher=False) == ["best", "good"]


@pytest.mark.parametrize("gap", [0.001, 0.01, 0.1])
def test_bands_have_some_width_in_a_close_up(gap: float) -> None:
    bands = {f"arm{n}": band(0.3 + n * gap, 0.004) for n in range(8)}
    shown = arms_close_up(bands, ACCURACY)
    ends = [bands[name][-1].intervals[ACCURACY][0] for name in shown]
    height = max(ends) - min(ends) + 0.008
    assert height <= WIDEST * 0.008 or len(shown) == 1
    left = [name for name in bands if name not in shown]
    assert not left or len(shown) >= 1
    assert (len(left) == 0) == (7 * gap + 0.008 <= WIDEST * 0.008)


def test_of_one_seed_there_is_no_band_and_no_close_up() -> None:
    assert arms_close_up({"a": band(0.9, 0.0), "b": band(0.8, 0.0)}, ACCURACY) == []
    assert arms_close_up({"a": [], "b": []}, ACCURACY) == []


def test_a_close_up_holds_the_second_half_of_training_and_the_whole_holds_all(
    tmp_path: Path,
) -> None:
    write_bands(tmp_path, band(0.9, 0.01), close=[ACCURACY], position=3)
    (path,) = tmp_path.iterdir()
    header, *events = EventFileLoader(str(path)).Load()
    assert header.wall_time == 4.0  # by which TensorBoard orders runs
    steps: dict[str, list[int]] = {}
    for event in events:
        for value in event.summary.value:
            steps.setdefault(value.tag, []).append(event.step)
    whole, half = list(range(1, 9)), list(range(4, 9))
    assert steps == {
        tags.EPOCH_SCALARS[ACCURACY]: whole,
        **{tags.band(ACCURACY, line): whole for line in ("mean", "lower", "upper")},
        **{tags.close_up(ACCURACY, line): half for line in ("mean", "lower", "upper")},
    }


BANDED = [name for name, metric in EPOCH_METRICS.items() if metric.banded]


def categories(study: Study, banded: list[str], close: list[str]) -> Any:
    value = band_layout(study, banded, close)
    return layout_pb2.Layout.FromString(value.tensor.string_val[0]).category


@pytest.mark.parametrize(
    ("metric", "first"),
    [
        ("test_accuracy", "validation_accuracy"),
        ("test_loss", "validation_loss"),
        ("train_loss_last", "train_loss"),
        ("train_seconds", "validation_accuracy"),
    ],
)
def test_the_first_chart_is_the_close_up_of_what_answers_the_question(
    metric: str, first: str
) -> None:
    answer, rest = categories(make_study(metric=metric), BANDED, BANDED)
    titles = [chart.title for chart in answer.chart][::-1]  # as the dashboard shows them
    label = EPOCH_METRICS[first].label
    assert titles == [f"{label} (best arms, second half)", f"{label}: all arms"]
    (series,) = answer.chart[-1].margin.series
    assert series.value == tags.close_up(first, "mean")
    charts = [*answer.chart, *rest.chart]
    assert len({chart.title for chart in charts}) == 2 * len(BANDED)


def own_study(better: Any = "lower") -> Study:
    """A study whose trainer alone knows what it logs."""
    arms = tuple(Arm(name=name, changes={}, recipe=FreeRecipe()) for name in ("slow", "fast"))
    metrics = {"error": DeclaredMetric(better=better)}
    return Study(
        study="own", question="?", base=FreeRecipe(), control="slow", arms=arms, seeds=3,
        metrics=metrics, metric="error",
    )  # fmt: skip


def test_charts_are_of_what_is_in_the_event_files(tmp_path: Path) -> None:
    """Of one seed there is no close-up, and what is only returned at the end has no curve."""
    for half, close in ((0.0, []), (0.01, ["loss", "valid/auc"])):
        intervals = {"loss": (0.5, half), "valid/auc": (0.9, half)}
        bands = {arm: [EpochBand(n, intervals) for n in range(4)] for arm in ("slow", "fast")}
        shown = close_ups(own_study(), bands)
        assert [name for name, arms in shown.items() if arms] == close
        write_bands(tmp_path / str(half), bands["slow"], close)
        (path,) = (tmp_path / str(half)).iterdir()
        written = {v.tag for e in EventFileLoader(str(path)).Load() for v in e.summary.value}
        (category,) = categories(own_study(), list(shown), close)
        charted = {
            getattr(series, line)
            for chart in category.chart
            for series in chart.margin.series
            for line in ("value", "lower", "upper")
        }
        assert written == charted | {"curves/loss", "valid/auc"}


def test_the_close_up_of_an_own_metric_shows_what_the_study_calls_better() -> None:
    ends = {"off": 0.1, "good": 0.86, "best": 0.87}
    bands = {name: band(end, 0.002, "error") for name, end in ends.items()}
    assert close_ups(own_study("higher"), bands)["error"] == ["best", "good"]
    assert close_ups(own_study("lower"), bands)["error"] == ["off"]
    (answer,) = categories(own_study(), ["error"], ["error"])
    assert answer.title.endswith("what answers the question")


def test_answer_report_and_figures_stand_beside_the_runs(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
    write_answer(tmp_path, "# the answer")
    write_report(tmp_path, "# all of it", {"effects": png})
    found: dict[str, Any] = {}
    for path in tmp_path.iterdir():
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found[value.tag] = (
                    value.metadata.plugin_data.plugin_name,
                    list(value.tensor.string_val),
                )
    assert found == {
        "answer": ("text", [b"# the answer"]),
        "report": ("text", [b"# all of it"]),
        "figures/effects": ("images", [b"640", b"480", png]),
    }


def test_the_first_two_groups_of_time_series_are_curves_and_figures() -> None:
    layer_tags = (tags.gradient_histogram, tags.activation_histogram, tags.weight_histogram)
    written = [
        *tags.EPOCH_SCALARS.values(),
        *tags.STAGE_SCALARS.values(),
        *(tag("hidden1") for tag in layer_tags),
        *(tags.layer_scalar(metric, "hidden1") for metric in tags.LAYER_SCALARS),
        *(tag("train_loss", "mean") for tag in (tags.band, tags.close_up)),
        tags.final("test_accuracy"),
        tags.figure("effects"),
    ]
    groups = sorted({tag.split("/")[0] for tag in written})
    assert groups[:2] == ["curves", "figures"]
