"""The Custom Scalars layout: for each metric, every arm's mean with its band over the seeds."""

from __future__ import annotations

from tensorboard.compat.proto.summary_pb2 import SummaryMetadata
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar.metadata import CONFIG_SUMMARY_TAG, PLUGIN_NAME

from ablations.study.schema import Study
from ablations.telemetry import tags
from ablations.telemetry.summaries import Value, bytes_scalar


def band_layout(study: Study) -> Value:
    """Return the layout; its charts read the tags of ``runs/<study>/summary/<arm>/``."""
    titles = {name: tags.of_epoch([name])[name] for name in tags.banded(study)}
    charts = [
        layout_pb2.Chart(
            title=title,
            margin=layout_pb2.MarginChartContent(
                series=[
                    layout_pb2.MarginChartContent.Series(
                        value=tags.band(metric, "mean"),
                        lower=tags.band(metric, "lower"),
                        upper=tags.band(metric, "upper"),
                    )
                ]
            ),
        )
        for metric, title in titles.items()
    ]
    category = layout_pb2.Category(title="mean and 95% interval over seeds", chart=charts)
    layout = layout_pb2.Layout(category=[category])
    plugin = SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME)
    return bytes_scalar(CONFIG_SUMMARY_TAG, layout.SerializeToString(), plugin)
