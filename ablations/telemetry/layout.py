"""The Custom Scalars layout: every arm's mean with its band over the seeds, what matters first."""

from __future__ import annotations

from tensorboard.compat.proto.summary_pb2 import SummaryMetadata
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar.metadata import CONFIG_SUMMARY_TAG, PLUGIN_NAME

from ablations.study.metrics import EPOCH_METRICS, METRICS
from ablations.study.schema import Study
from ablations.telemetry import tags
from ablations.telemetry.summaries import Value, bytes_scalar


def band_layout(study: Study) -> Value:
    """Return the layout; its charts read the tags of ``runs/<study>/summary/<arm>/``."""
    first = _curve_of(study.metric)
    others = [metric for metric in tags.BANDS if metric != first]
    categories = [
        layout_pb2.Category(
            title="mean and 95% interval over seeds: what answers the question",
            chart=_charts(first),
        ),
        layout_pb2.Category(
            title="mean and 95% interval over seeds: the rest",
            chart=[chart for metric in others for chart in _charts(metric)],
        ),
    ]
    plugin = SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME)
    layout = layout_pb2.Layout(category=categories)
    return bytes_scalar(CONFIG_SUMMARY_TAG, layout.SerializeToString(), plugin)


def _curve_of(metric: str) -> str:
    """Return the epoch metric whose curve leads to the study's metric."""
    declared = METRICS.get(metric)
    summary = "" if declared is None or declared.summary is None else declared.summary.metric
    wanted = (summary, metric.replace("test_", "validation_", 1), "validation_accuracy")
    return next(name for name in (*wanted, *tags.BANDS) if name in tags.BANDS)


def _charts(metric: str) -> list[layout_pb2.Chart]:
    """Return the close-up of a metric and the whole of it."""
    label = EPOCH_METRICS[metric].label
    # The dashboard sorts the charts of a category by title: "(" comes before ":".
    titles = (f"{label} (best arms, second half of training)", f"{label}: all arms")
    return [
        layout_pb2.Chart(
            title=title,
            margin=layout_pb2.MarginChartContent(
                series=[
                    layout_pb2.MarginChartContent.Series(
                        value=tag(metric, "mean"),
                        lower=tag(metric, "lower"),
                        upper=tag(metric, "upper"),
                    )
                ]
            ),
        )
        for title, tag in zip(titles, (tags.close_up, tags.band), strict=True)
    ]
