"""A real browser, and a TensorBoard on runs that were trained for it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ARMS = ("elu", "sigmoid", "batch_norm")
SEEDS = 2
EPOCHS = 3
STUDY = f"""\
study: shown
question: Can the runs be seen?
base:
  data: {{name: digits, validation: 200}}
  model: {{hidden: [32, 32], activation: elu, initializer: he_normal}}
  training:
    batch_size: 32
    epochs: {EPOCHS}
    optimizer: {{name: sgd, learning_rate: 0.1}}
    clipping: {{name: by_global_norm, threshold: 1.0}}
  telemetry: {{histograms_every_epochs: 1}}
control: elu
arms:
  elu: {{}}
  sigmoid: {{model.activation: sigmoid}}
  batch_norm: {{model.normalization: batch_norm}}
seeds: {SEEDS}
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Board:
    """A running TensorBoard."""

    address: str
    runs: Path

    def get(self, path: str) -> Any:
        """Return the JSON at ``path``."""
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, request: dict[str, Any]) -> Any:
        """Return the JSON that answers a JSON request."""
        body = json.dumps(request).encode()
        wanted = urllib.request.Request(
            self.address + path, body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(wanted, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with trained runs and their report."""
    place = tmp_path_factory.mktemp("shown")
    (place / "configs").mkdir()
    (place / "configs" / "shown.yaml").write_text(STUDY)
    for command in (["run", "shown"], ["report", "shown"]):
        subprocess.run(
            [sys.executable, "-m", "ablations", *command],
            cwd=place,
            check=True,
            capture_output=True,
        )
    return place


@pytest.fixture(scope="session")
def board(trained: Path) -> Iterator[Board]:
    """TensorBoard as the issue names it: ``tensorboard --logdir runs``."""
    runs = len(ARMS) * (SEEDS + 1) + 1
    with serving(trained, lambda found: len(found.get("/data/runs")) >= runs) as found:
        yield found


@contextmanager
def serving(
    place: Path, ready: Callable[[Board], bool], server: str = "tensorboard.main"
) -> Iterator[Board]:
    """TensorBoard on ``place/runs``, once it is ready; ``server`` is the module that serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", server, "--logdir", "runs", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        found = Board(f"http://localhost:{port}", place / "runs")
        try:
            _wait(lambda: ready(found))
            yield found
        finally:
            process.terminate()


def _wait(ready: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise TimeoutError(f"not ready after {seconds} s")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="wants playwright: pip install 'ablations[browser]'"
    )
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("wants a browser: the command chromium")
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page whose script errors fail the test."""
    opened = browser.new_page(viewport={"width": 1500, "height": 1100})
    opened.set_default_timeout(60_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    opened.close()
    assert errors == []
