"""A request is checked once, and what that found is all that its sessions need."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ablations.commands import studies
from ablations.data import catalog as data_catalog
from ablations.errors import DataError
from ablations.execution import apart
from ablations.execution.facts import digests
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.execution.worker_process import WorkerProcess

TUNED = """\
study: tuned
question: "?"
base:
  data: {name: "python:mine.points", validation: 40}
  model: {hidden: [4]}
  training: {batch_size: 20, epochs: 2, optimizer: sgd}
control: sgd
arms: {sgd: {}, adam: {training.optimizer: adam}}
seeds: 2
tune: {settings: {training.optimizer.learning_rate: [0.1, 1]}, seeds: [100]}
"""
POINTS = """\
import numpy as np

def points():
    labels = np.arange(200) % 2
    return {"x": labels[:, None] + np.zeros((200, 3)), "y": labels}
"""
ASKED = ("fetch", "describe", "digest", "read")


@pytest.fixture
def tuned(workplace: Path) -> Any:
    """A tuned study of a user's own data."""
    (workplace / "mine.py").write_text(POINTS)
    (workplace / "configs" / "tuned.yaml").write_text(TUNED)
    return studies.load("tuned")[0]


def test_the_data_is_asked_for_once_in_one_other_process_and_never_again(
    tuned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, processes = Counter[str](), []

    def counted(name: str) -> Any:
        real = getattr(data_catalog, name)

        def count(*arguments: Any) -> Any:
            asked[name] += 1
            return real(*arguments)

        return count

    class Started(WorkerProcess):
        def __init__(self, *arguments: Any) -> None:
            processes.append(self)
            super().__init__(*arguments)

    expected = digests(tuned, None)
    for name in ASKED:
        if name != "describe":  # called by name in the other process
            monkeypatch.setattr(data_catalog, name, counted(name))
    monkeypatch.setattr(apart, "WorkerProcess", Started)
    prepared = prepare(tuned, Options(executor="inline"))
    assert (dict(asked), len(processes)) == ({"fetch": 1}, 1)
    assert prepared.facts.digests == expected
    assert prepared.facts.parameters == {"sgd": 4 * 4 + 5 * 2, "adam": 4 * 4 + 5 * 2}
    jobs = prepared.trials().jobs()
    assert prepared.comparison().jobs() == []  # no search is complete
    assert {job.data_digest for job in jobs} == set(expected.values())
    assert len(jobs) == 2 * 2
    assert (dict(asked), len(processes)) == ({"fetch": 1}, 1)


def test_a_trial_that_its_data_is_too_small_for_is_refused_before_anything_trains(
    tuned: Any, workplace: Path
) -> None:
    path = workplace / "configs" / "tuned.yaml"
    path.write_text(TUNED.replace("optimizer.learning_rate: [0.1, 1]", "batch_size: [20, 500]"))
    with pytest.raises(DataError, match="fill no batch of 500"):
        prepare(studies.load("tuned")[0], Options())
    assert not Path("runs").exists()
