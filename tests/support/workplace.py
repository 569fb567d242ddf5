"""A small study on digits that trains in moments."""

from __future__ import annotations

from pathlib import Path

import pytest

STUDY = """\
study: small
question: Does ELU beat the logistic function?
base:
  data: {name: digits, validation: 200, train_examples: 320}
  model: {hidden: [16], activation: elu, initializer: he_normal}
  training: {batch_size: 32, epochs: 2, optimizer: {name: sgd, learning_rate: 0.1}}
control: elu
arms:
  elu: {}
  sigmoid: {model.activation: sigmoid}
seeds: 2
claims:
  - {better: elu, than: sigmoid, on: test_accuracy, source: "notes 000"}
"""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, with ``configs/small.yaml``."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "small.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return tmp_path
