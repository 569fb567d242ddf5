"""The winner changes once both arms are tuned: why the report says whether they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ablations.analysis.read.collect import collect
from ablations.analysis.show.report import write_reports
from ablations.commands import run as command
from ablations.execution.options import Options
from ablations.ledger.records import read_result

STUDY = """\
study: NAME
question: Which optimizer trains a small network faster?
base:
  data: {name: digits, validation: 297}
  model: {hidden: [32, 32, 32], activation: elu}
  training: {batch_size: 32, epochs: 2, optimizer: {name: sgd, learning_rate: 0.1}}
  telemetry: {histograms_every_epochs: 0}
control: sgd
arms:
  sgd: {}
  adam: {training.optimizer: ADAM}
seeds: 8
margin: 0.005
"""
SAME_RATE = {"NAME": "untuned", "ADAM": "{name: adam, learning_rate: 0.1}"}
TUNED = {"NAME": "tuned", "ADAM": "adam"}
TUNE = """\
tune:
  settings: {training.optimizer.learning_rate: [0.003, 0.01, 0.03, 0.1, 0.3, 1]}
  seeds: [100, 101]
"""


def write(place: Path, words: dict[str, str], more: str = "") -> str:
    text = STUDY
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    (place / f"{words['NAME']}.yaml").write_text(text + more)
    return words["NAME"]


def scores(study: str, arm: str) -> list[float]:
    """Return the test accuracies by seed, read apart from the analysis."""
    paths = [Path(f"runs/{study}/{arm}/seed-{seed}/result.json") for seed in range(8)]
    return [read_result(path).metrics["test_accuracy"] for path in paths]


def test_the_winner_changes_once_both_arms_are_tuned(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tensorflow: object,
    show: Callable[[str], None],
) -> None:
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)
    options = Options(executor="inline")
    said, leads = {}, {}
    for name in (write(Path("configs"), SAME_RATE), write(Path("configs"), TUNED, TUNE)):
        assert command.run(name, (), (), None, (), options) == 0
        (report,) = write_reports(Path("runs"), Path("report"), [name])
        said[name] = report.markdown
        pairs = zip(scores(name, "adam"), scores(name, "sgd"), strict=True)
        leads[name] = [adam - sgd for adam, sgd in pairs]
    assert all(lead < 0 for lead in leads["untuned"])
    assert sum(leads["tuned"]) / 8 > 0.02
    assert "*Untuned.*" in said["untuned"]
    assert "Worse: adam" in said["untuned"]
    assert "*Tuned.*" in said["tuned"]
    assert "ntuned" not in said["tuned"]
    assert "Better than the control, sgd" in said["tuned"]
    searches = collect(Path("runs"), "tuned").searches
    chosen = {found.arm: found.chosen.trial.name for found in searches if found.chosen}
    assert chosen["sgd"] != chosen["adam"]
    at = {"untuned": "both at learning rate 0.1", "tuned": f"each at its own: {chosen}"}
    for name, lead in leads.items():
        show(
            f"flipped winner, {name}: adam minus sgd {100 * sum(lead) / 8:+.1f} points of test "
            f"accuracy over 8 seeds ({at[name]})"
        )
