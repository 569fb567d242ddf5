"""The Custom Scalars layout: every arm's mean with its band over the seeds, what matters first."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tensorboard.compat.proto.summary_pb2 import SummaryMetadata
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar.metadata import CONFIG_SUMMARY_TAG, PLUGIN_NAME

from ablations.study.metrics import epoch_metric
from ablations.study.schema import Study
from ablations.telemetry import tags
from ablations.telemetry.summaries import Value, bytes_scalar

TITLE = "mean and 95% interval over seeds"


def band_layout(study: Study, banded: Sequence[str], close: Collection[str]) -> Value:
    """Return the layout; its charts read the tags of ``runs/<study>/summary/<arm>/``.

    ``banded`` names the metrics that have bands there, ``close`` those that have a close-up.
    """
    first = _curve_of(study, banded)
    others = [metric for metric in banded if metric != first]
    named = [(f"{TITLE}: what answers the question", [first] if first else [])]
    named.append((f"{TITLE}: the rest" if first else TITLE, others))
    categories = [
        # The dashboard shows the charts of a category from the last to the first.
        layout_pb2.Category(
            title=title,
            chart=[chart for name in names for chart in _charts(name, name in close)][::-1],
        )
        for title, names in named
        if names
    ]
    plugin = SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME)
    layout = layout_pb2.Layout(category=categories)
    return bytes_scalar(CONFIG_SUMMARY_TAG, layout.SerializeToString(), plugin)


def _curve_of(study: Study, banded: Sequence[str]) -> str | None:
    """Return the epoch metric whose curve leads to the study's metric; None where none does."""
    summary, metric = study.answering_metric.summary, study.metric
    of_summary = "" if summary is None else summary.metric
    named = metric.replace("test_", "validation_", 1)
    wanted = (of_summary, named, f"validation_{study.score}")
    return next((name for name in wanted if name in banded), None)


def _charts(name: str, is_close: bool) -> list[layout_pb2.Chart]:
    """Return the close-up of a metric, if it has one, and the whole of it."""
    metric = epoch_metric(name)
    label = name if metric is None else metric.label
    charts = [(f"{label} (best arms, second half)", tags.close_up)] if is_close else []
    charts.append((f"{label}: all arms", tags.band))
    return [
        layout_pb2.Chart(
            title=title,
            margin=layout_pb2.MarginChartContent(
                series=[
                    layout_pb2.MarginChartContent.Series(
                        value=tag(name, "mean"),
                        lower=tag(name, "lower"),
                        upper=tag(name, "upper"),
                    )
                ]
            ),
        )
        for title, tag in charts
    ]
