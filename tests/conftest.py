"""What all tests share: TensorFlow started once, the real data, recipes and trainings."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from ablations.data import catalog
from ablations.data.locate import DIRECTORY_VARIABLE
from ablations.study.recipe import Recipe
from ablations.training.runtime import ONEDNN_FLAG
from tests.support.running import Trained, make_recipe, shared_programs, train_into
from tests.support.workplace import workplace

__all__ = ["workplace"]
REQUIRE_ALL = "ABLATIONS_REQUIRE_ALL"

# A test may import TensorFlow before ``runtime.start`` does, through TensorBoard say.
os.environ[ONEDNN_FLAG] = "1"

# The same examples every time, however busy the machine is.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure where everything is said to be installed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get(REQUIRE_ALL) == "1" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_ALL}=1 allows no skip: {reason}"


FIGURE = "figure measured"


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return a function that adds a line to the figures at the end of the tests' output."""
    return lambda line: request.node.user_properties.append((FIGURE, line))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests measured, also without ``-s`` and from several processes."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    called = [report for report in reports if getattr(report, "when", "") == "call"]
    lines = [line for r in called for name, line in r.user_properties if name == FIGURE]
    if lines:
        terminalreporter.section("figures measured")
        for line in lines:
            terminalreporter.line(line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is slow to ``.ci/run``, which wants all; what is asked for by name runs."""
    everything = [config.rootpath / path for path in config.getini("testpaths")]
    asked = [config.rootpath / path for path in config.args]
    if os.environ.get(REQUIRE_ALL) == "1" or asked != everything or config.option.keyword:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture(scope="session")
def tensorflow() -> ModuleType:
    """TensorFlow, pinned as for a run."""
    from ablations.training import runtime

    runtime.start()
    import tensorflow

    return tensorflow


def _real_data(name: str) -> Path:
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if not directory or catalog.files(name, Path(directory)) is None:
        pytest.skip(f"{DIRECTORY_VARIABLE} does not lead to the files of {name}")
    return Path(directory)


@pytest.fixture
def fashion_mnist() -> Path:
    """The directory above the real Fashion-MNIST files."""
    return _real_data("fashion_mnist")


@pytest.fixture
def mnist() -> Path:
    """The directory above the real MNIST files."""
    return _real_data("mnist")


@pytest.fixture(scope="session")
def recipe() -> Callable[..., Recipe]:
    """See ``make_recipe``."""
    return make_recipe


@pytest.fixture
def train(
    tensorflow: ModuleType, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., Trained]:
    """Return a function that trains one recipe into a directory of its own."""
    count = itertools.count()
    fresh = getattr(request.module, "FRESH_PROGRAMS", False)

    def run(recipe: Recipe, seed: int = 0, programs: Any = None) -> Trained:
        programs = programs or (None if fresh else shared_programs())
        return train_into(tmp_path / f"run{next(count)}", recipe, seed, programs)

    return run
