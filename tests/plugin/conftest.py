"""The tab's routes as a client calls them, and studies with synthetic runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from ablations.plugin.tab import AblationsPlugin
from tests.support.synthetic_runs import SyntheticStudy, make_study

ARMS = ("sigmoid", "tanh", "elu")


@dataclass
class Tab:
    """The plugin on one log directory, called as TensorBoard calls it."""

    plugin: AblationsPlugin

    def raw(self, path: str, **asked: Any) -> Any:
        """Return the response of a route."""
        apps = self.plugin.get_plugin_apps()
        route = f"/{path}" if f"/{path}" in apps else "/static/*"
        app = apps[route]
        return Client(app, Response).get(f"/data/plugin/ablations/{path}", query_string=asked)

    def get(self, path: str, **asked: Any) -> Any:
        """Return the JSON of a route."""
        return self.raw(path, **asked).json


@pytest.fixture
def tab() -> Callable[[Path], Tab]:
    """Return a function: log directory → its tab."""
    return lambda logdir: Tab(AblationsPlugin(SimpleNamespace(logdir=str(logdir))))


@pytest.fixture
def filled(tmp_path: Path) -> SyntheticStudy:
    """A study of three arms and eight seeds, with two runs that are no results."""
    made = SyntheticStudy(tmp_path / "runs", make_study(ARMS, 8, margin=0.005))
    made.write_record()
    fill(made)
    made.add("tanh", 6, accuracy=None, status="diverged", reason="the loss is NaN")
    made.add("tanh", 7, accuracy=None, status="failed", reason="OSError: <img onerror=x>")
    return made


def fill(made: SyntheticStudy) -> None:
    """Write every run: each arm a point better than the one before, with little noise."""
    draw = np.random.default_rng(0)
    for place, arm in enumerate(made.study.arm_names):
        for seed in made.study.seeds:
            value = 0.7 + 0.01 * place + float(draw.normal(0, 0.002))
            made.add(arm, seed, value, (0.5 * value, 0.8 * value, value))
