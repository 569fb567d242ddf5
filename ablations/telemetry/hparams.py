"""The HParams dashboard: one experiment a study, one group an arm, one session a run.

Messages are TensorBoard's own; TensorFlow is not needed.  The dashboard keeps the first message
of a run and tag, so each is written once, and a new attempt starts in a clean directory.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from google.protobuf.struct_pb2 import Value as ProtoValue
from tensorboard.compat.proto.summary_pb2 import SummaryMetadata
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.plugins.hparams.metadata import (
    EXPERIMENT_TAG,
    PLUGIN_NAME,
    SESSION_END_INFO_TAG,
    SESSION_START_INFO_TAG,
)

from ablations.study.expand import Run
from ablations.study.recipes import OWN_TRAINERS
from ablations.study.schema import TUNING, Study
from ablations.study.variation import (
    COMPARISON,
    PHASE,
    tried_settings,
    varied_settings,
)
from ablations.telemetry import tags
from ablations.telemetry.summaries import Value, metadata_only

ARM = "arm"
FIRST_METRICS = (
    "test_loss",
    "validation_loss_best",
    "train_loss_last",
)
"""What follows the study's own metric and the best of its score: five are shown at first."""


def group(study: str, arm: str, trial: str = "") -> str:
    """Return the group of an arm's sessions, or of one trial of its search.

    Arms of other studies may share the arm's name, so the study is part of it.
    """
    return f"{study}/{TUNING}/{arm}/{trial}" if trial else f"{study}/{arm}"


def experiment(study: Study) -> Value:
    """Return the study's description: its columns, what is ablated first.

    That are the factors of a design, else the arms.  A group's row shows the settings of one of
    its sessions, so the seed, in which they differ, is no column.
    """
    settings, arm = _settings(study), _info(ARM, list(study.arm_names), differs=True)
    infos = [*settings, arm] if study.arms[0].levels else [arm, *settings]
    if study.tune:
        infos.insert(1, _info(PHASE, [COMPARISON, TUNING], differs=True))
    known = study.known_metrics
    first = [n for n in (f"validation_{study.score}_best", *FIRST_METRICS) if n in known]
    all_known = (*study.metrics,) if study.base.kind in OWN_TRAINERS else (*first, *known)
    ordered = list(dict.fromkeys([study.metric, *all_known]))
    metrics = [
        api_pb2.MetricInfo(
            name=api_pb2.MetricName(tag=tags.final(name)),
            display_name=study.metric_named(name).label,
        )
        for name in ordered
    ]
    message = api_pb2.Experiment(
        name=study.study, description=study.question, hparam_infos=infos, metric_infos=metrics
    )
    return _value(EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=message))


def _settings(study: Study) -> list[api_pb2.HParamInfo]:
    """Return a column for each setting that varies between arms, or that a search tries.

    A parameter that varies only as its technique comes and goes tells no more than that, and
    parallel coordinates leave out an arm that lacks what a column shows.
    """
    varied, tried = varied_settings(study), tried_settings(study)
    infos = []
    for path, values in varied.items():
        follows = f"{path.rpartition('.')[0]}.name" in varied and not path.endswith(".name")
        if follows and path not in tried and len(set(values.values())) == 1:
            continue
        levels = [*values.values(), *tried.get(path, [])]
        infos.append(_info(path, levels, differs=path in tried or not follows))
    return sorted(infos, key=lambda info: not info.differs)


def _info(name: str, values: list[str | float | bool], differs: bool) -> api_pb2.HParamInfo:
    """Describe one column; the dashboard shows the first five, those with ``differs`` first.

    A parameter that varies only because its technique does is not what was ablated.
    """
    info = api_pb2.HParamInfo(name=name, differs=differs)
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        info.type = api_pb2.DATA_TYPE_BOOL
    elif kinds <= {int, float}:
        info.type = api_pb2.DATA_TYPE_FLOAT64
    else:
        info.type = api_pb2.DATA_TYPE_STRING
    if info.type != api_pb2.DATA_TYPE_FLOAT64:
        for value in dict.fromkeys(values):
            info.domain_discrete.values.append(_proto(value))
    return info


def session_start(run: Run, settings: Mapping[str, str | float | bool]) -> Value:
    """Return the message that makes a run a session of its group."""
    message = plugin_data_pb2.SessionStartInfo(
        group_name=group(run.study, run.arm, run.trial), start_time_secs=time.time()
    )
    for name, value in {ARM: run.arm, **settings}.items():
        message.hparams[name].CopyFrom(_proto(value))
    return _value(
        SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=message)
    )


def session_end(completed: bool) -> Value:
    """Return the message that ends a session; a diverged run is shown as a failure."""
    status = api_pb2.STATUS_SUCCESS if completed else api_pb2.STATUS_FAILURE
    message = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
    return _value(SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=message))


def _proto(value: str | float | bool) -> ProtoValue:
    if isinstance(value, bool):
        return ProtoValue(bool_value=value)
    if isinstance(value, (int, float)):
        return ProtoValue(number_value=value)
    return ProtoValue(string_value=value)


def _value(tag: str, content: plugin_data_pb2.HParamsPluginData) -> Value:
    content.version = 0
    plugin = SummaryMetadata.PluginData(
        plugin_name=PLUGIN_NAME, content=content.SerializeToString()
    )
    return metadata_only(tag, plugin)
