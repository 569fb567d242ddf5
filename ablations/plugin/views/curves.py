"""Learning curves: each arm's mean with its band, and single seeds, those in training too."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ablations.analysis.infer.curves import ArmHistories, learning_curve, read_histories
from ablations.analysis.read.collect import Collected
from ablations.errors import one_line, suggest
from ablations.ledger.lines import by_step
from ablations.ledger.records import Epoch
from ablations.ledger.standing import Standing, State
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.requests import BadRequestError, arms_of
from ablations.study.metrics import EPOCH_METRICS, logged_metric
from ablations.study.schema import Study

SECONDS = "seconds"
ELAPSED = "elapsed_seconds"
LOSSES = ("validation_loss", "train_loss")
"""What the page opens with where the task's own score was not logged."""
NOT_DRAWN = {"epoch", "updates", SECONDS, ELAPSED}


def curves(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the mean of one logged metric at each epoch, as the report has it, arm by arm.

    ``updates`` and ``seconds`` hold the mean updates and training seconds by then.
    """
    collected = study.collected()
    histories = {arm: read_histories(collected, arm) for arm in collected.study.arm_names}
    started = [study.memory.history(s.directory) for s in _in_training(collected)]
    keys = _keys([*itertools.chain(*(h.histories for h in histories.values())), *started])
    key = _chosen(keys, arguments, collected.study)
    wanted = arms_of(collected.study, arguments)
    return {
        "metrics": [_described(name, collected.study) for name in keys],
        "metric": _described(key, collected.study) if key else None,
        "control": collected.study.control,
        "all_arms": collected.study.arm_names,
        "arms": [_arm(histories[arm], key) for arm in wanted if key],
    }


def seeds(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return one logged metric of each run of some arms, whatever became of it."""
    collected = study.collected()
    key, wanted = arguments.get("metric", ""), arms_of(collected.study, arguments)
    shown = (s for s in collected.standings if s.run.arm in wanted and s.cause is None)
    runs = [_run(s, study.memory.history(s.directory), key) for s in shown]
    return {"metric": key, "runs": [run for run in runs if run["epochs"]]}


def _arm(histories: ArmHistories, key: str) -> dict[str, Any]:
    timed = [_with_elapsed(history) for history in histories.histories]
    curve = learning_curve(timed, key)
    if curve is None:
        return {"arm": histories.arm, "n": 0, "epochs": []}
    return {
        "arm": histories.arm,
        "n": curve.n,
        "epochs": curve.epochs,
        "means": curve.means,
        "low": [band.low if band else None for band in curve.intervals],
        "high": [band.high if band else None for band in curve.intervals],
        "updates": _along(timed, "updates", curve.epochs),
        SECONDS: _along(timed, ELAPSED, curve.epochs),
    }


def _along(
    histories: Sequence[Sequence[Epoch]], key: str, epochs: Sequence[int]
) -> list[float | None]:
    curve = learning_curve(histories, key)
    known = dict(zip(curve.epochs, curve.means, strict=True)) if curve else {}
    return [known.get(epoch) for epoch in epochs]


def _with_elapsed(history: Iterable[Epoch]) -> list[Epoch]:
    """Add the seconds of all epochs so far to each."""
    seconds = 0.0
    timed: list[Epoch] = []
    for line in history:
        seconds += line.get(SECONDS) or 0.0
        timed.append({**line, ELAPSED: seconds})
    return timed


def _run(standing: Standing, history: Sequence[Epoch], key: str) -> dict[str, Any]:
    lines = _with_elapsed(by_step(history).values())
    return {
        "arm": standing.run.arm,
        "seed": standing.run.seed,
        "state": standing.state.value,
        "epochs": [line["epoch"] for line in lines],
        "values": [line.get(key) for line in lines],
        "updates": [line.get("updates") for line in lines],
        SECONDS: [line[ELAPSED] for line in lines],
    }


def _in_training(collected: Collected) -> Iterator[Standing]:
    return (s for s in collected.standings if s.state in (State.RUNNING, State.PENDING))


def _keys(histories: Iterable[Sequence[Epoch]]) -> list[str]:
    """Return what was logged, in the order of the declarations, then what others log."""
    found = dict.fromkeys(key for history in histories for line in history for key in line)
    known = [key for key in EPOCH_METRICS if key in found]
    return [key for key in dict.fromkeys([*known, *found]) if key not in NOT_DRAWN]


def _chosen(keys: Sequence[str], arguments: Mapping[str, str], study: Study) -> str:
    """Return the metric that is asked for, or the first worth seeing; nothing without any.

    Raises:
        BadRequestError: nothing of that name was logged.
    """
    asked = arguments.get("metric", "")
    if asked and keys and asked not in keys:
        raise BadRequestError(f'no run logged "{one_line(asked)}"; {suggest(asked, keys)}')
    if asked and keys:
        return asked
    first = (f"validation_{study.score}", *LOSSES)
    return next((key for key in (*first, *keys) if key in keys), "")


def _described(key: str, study: Study) -> dict[str, Any]:
    metric = logged_metric(key, study.known_metrics)
    if metric is None:
        return {"name": key, "label": key, "unit": "", "percent": False}
    return {"name": key, "label": metric.label, "unit": metric.unit, "percent": metric.percent}
