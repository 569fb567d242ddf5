"""The table of executors is the one place that knows them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ablations.cli import run
from ablations.commands import studies
from ablations.errors import AblationsError
from ablations.execution import executor
from ablations.execution.executor import EXECUTORS, executor_for
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.execution.worker import Job, Outcome, record_failure


class Refuses:
    """An executor that fails every job, on devices of its own choice."""

    notice = ""
    training: Sequence[Job] = ()

    def __init__(self, options: Options) -> None:
        self.devices = [options.device]

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            yield record_failure(job, f"not on {self.devices[0]}")


def test_an_executor_is_added_by_a_line_of_the_table(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "EXECUTORS", {**EXECUTORS, "refuses": Refuses})
    options = Options(executor="refuses", device="moon")
    outcomes = list(prepare(studies.load("small")[0], options).comparison().execute())
    assert [o.result.reason for o in outcomes if o.result] == ["not on moon"] * 4


def test_an_unknown_executor_is_one_clear_line() -> None:
    with pytest.raises(AblationsError, match='unknown executor "process"; did you mean "processe'):
        executor_for(Options(executor="process"))


def test_the_command_line_offers_what_the_table_holds() -> None:
    (option,) = [each for each in run.params if each.name == "executor"]
    assert list(option.type.choices) == list(EXECUTORS)  # type: ignore[attr-defined]
    assert option.default == Options().executor


def test_the_names_are_known_without_loading_what_is_behind_them() -> None:
    program = (
        "import sys, ablations.cli\n"
        "heavy = {'pydantic', 'numpy', 'tensorflow'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
