"""What a request asks for, checked against what the study has."""

from __future__ import annotations

from collections.abc import Mapping

from ablations.errors import AblationsError, one_line, suggest
from ablations.study.metrics import Metric
from ablations.study.schema import Study


class BadRequestError(AblationsError):
    """A request names what the study does not have."""


def arms_of(study: Study, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Return the arms that ``arms`` names, joined by commas, in the study's order; else all.

    Raises:
        BadRequestError: the study has no such arm.
    """
    wanted = [name for name in arguments.get("arms", "").split(",") if name]
    for name in wanted:
        if name not in study.arm_names:
            known = suggest(name, study.arm_names)
            raise BadRequestError(f'no arm is called "{one_line(name)}"; {known}')
    return tuple(name for name in study.arm_names if name in wanted or not wanted)


def one_arm(study: Study, arguments: Mapping[str, str]) -> str:
    """Return the arm that ``arm`` names.

    Raises:
        BadRequestError: the study has no such arm.
    """
    return arms_of(study, {"arms": arguments.get("arm", "") or "?"})[0]


def metric_of(study: Study, arguments: Mapping[str, str]) -> Metric:
    """Return the final metric that ``metric`` names; the study's own where it names none.

    Raises:
        BadRequestError: there is no such metric.
    """
    name = arguments.get("metric") or study.metric
    known = study.known_metrics
    if name not in known:
        raise BadRequestError(f'unknown metric "{one_line(name)}"; {suggest(name, known)}')
    return study.metric_named(name)


def whole_number(arguments: Mapping[str, str], name: str) -> int | None:
    """Return a number ≥ 0; None where the request names none.

    Raises:
        BadRequestError: it is none.
    """
    text = arguments.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise BadRequestError(f'{name}: wants a whole number, got "{one_line(text)}"')
    return int(text)
