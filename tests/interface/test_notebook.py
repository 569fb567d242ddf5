"""The example notebook, run as a reader runs it: in a kernel, cell by cell."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interface.test_study import Frames

EXAMPLE = Path(__file__).parents[2] / "examples" / "study.ipynb"


def outputs(cell: Any, kind: str) -> list[str]:
    """Return what a cell shows of a kind."""
    found = (each.get("data", {}).get(kind) for each in cell.outputs)
    return [text for text in found if text]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook with what its cells show; its kernel is this Python."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, language="python", display_name="this")

    directory = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(EXAMPLE, as_version=4)
    before = {name: os.environ.get(name) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
    os.environ.update(dict.fromkeys(before, str(directory / "settings")))
    try:
        nbclient.NotebookClient(
            notebook,
            timeout=500,
            kernel_manager_class=ThisPython,
            resources={"metadata": {"path": str(directory)}},
        ).execute()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return notebook


@pytest.mark.slow
def test_every_cell_runs_and_shows_what_it_says(executed: Any) -> None:
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    asked, trained, verdicts, runs, curves, _, own = code
    assert all(each.output_type != "error" for cell in code for each in cell.outputs)
    assert all(each.get("name") != "stderr" for cell in code for each in cell.outputs)
    assert "was not run yet" in outputs(asked, "text/html")[0]
    progress, report = outputs(trained, "text/html")
    assert "notebook: 18 completed in" in progress
    (page,) = Frames(report).inside
    assert "Which activation suits a small network" in page
    assert "<svg" in page
    (table,) = outputs(verdicts, "text/html")
    assert "may_be_best" in table
    assert "worse" in table
    assert all("sigmoid" in outputs(cell, "text/html")[0] for cell in (runs, curves))
    assert "wide" in outputs(own, "text/html")[-1]
