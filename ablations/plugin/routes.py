"""Answers to the page: one function a route, and what is said where it cannot answer."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ablations.analysis.infer.to_json import as_data
from ablations.errors import AblationsError, one_line
from ablations.plugin.log_directory import LogDirectory, NotFoundError
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.requests import BadRequestError
from ablations.plugin.views.answer import answer
from ablations.plugin.views.curves import curves, seeds
from ablations.plugin.views.effects import effects
from ablations.plugin.views.findings import findings
from ablations.plugin.views.interactions import interactions
from ablations.plugin.views.layers import histogram, layers
from ablations.plugin.views.progress import progress
from ablations.plugin.views.tuning import tuning

View = Callable[[OpenStudy, Mapping[str, str]], Mapping[str, Any]]
VIEWS: Mapping[str, View] = {
    "answer": answer,
    "progress": progress,
    "effects": effects,
    "curves": curves,
    "seeds": seeds,
    "layers": layers,
    "histogram": histogram,
    "findings": findings,
    "tuning": tuning,
    "interactions": interactions,
}
MOST_OPEN = 4
"""Studies that are kept in memory; the one used longest ago is forgotten."""


class Routes:
    """Answers about one log directory."""

    def __init__(self, logdir: str) -> None:
        self._logdir = logdir
        self._lock = threading.Lock()
        self._open: dict[str, OpenStudy] = {}

    def answer(self, name: str, arguments: Mapping[str, str]) -> tuple[str, int]:
        """Return JSON and its HTTP status; what is wrong stands under ``problem``, in a line.

        A log directory may be broken, empty, or change while it is read: that is an answer.
        """
        try:
            return _json(self._answer(name, arguments)), 200
        except NotFoundError as error:
            return _problem(str(error)), 404
        except BadRequestError as error:
            return _problem(str(error)), 400
        except AblationsError as error:
            return _problem(str(error)), 200
        except OSError as error:
            what = f"{error.filename}: " if error.filename else ""
            return _problem(f"{what}{error.strerror}; it may be changing as it is read"), 200
        except Exception as error:  # a defect of ours must not be TensorBoard's
            logging.getLogger(__name__).exception("the Ablations tab: /%s", name)
            return _problem(f"a defect of the tab: {type(error).__name__}: {error}"), 500

    def _answer(self, name: str, arguments: Mapping[str, str]) -> Mapping[str, Any]:
        directory = LogDirectory.at(self._logdir)
        if name == "studies":
            return {"logdir": str(directory.path), "studies": as_data(directory.studies())}
        study = self._opened(directory, directory.study(arguments.get("study", "")))
        with study.lock:
            return VIEWS[name](study, arguments)

    def _opened(self, directory: LogDirectory, name: str) -> OpenStudy:
        with self._lock:
            study = self._open.pop(name, None)
            if study is None or study.runs != directory.runs:
                study = OpenStudy(directory.runs, name, directory.path)
            self._open[name] = study
            for oldest in list(self._open)[:-MOST_OPEN]:
                del self._open[oldest]
            return study


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(as_data(data), ensure_ascii=False, allow_nan=False)


def _problem(message: str) -> str:
    return json.dumps({"problem": one_line(message)}, ensure_ascii=False)
