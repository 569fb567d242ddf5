from pathlib import Path

from ablations.analysis.read.collect import read_record
from ablations.execution.study_files import record
from ablations.ledger.paths import RunsDirectory
from tests.support.synthetic_runs import make_study


def test_the_record_says_what_a_diverged_run_scores(tmp_path: Path) -> None:
    """What the user states stands; the rest is what a guess among the data's classes scores."""
    study = make_study(if_diverged={"test_accuracy": 0.0, "train_seconds": 60.0})
    assert record(study, RunsDirectory(tmp_path), classes=4)
    stated = read_record(tmp_path, study.study).if_diverged
    assert stated["test_accuracy"] == 0.0
    assert stated["train_seconds"] == 60.0
    assert stated["validation_accuracy_last"] == 0.25
    assert "weight_sparsity" not in stated
    assert not record(study, RunsDirectory(tmp_path), classes=4)
