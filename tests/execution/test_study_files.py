from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from ablations.analysis.read.collect import read_record
from ablations.execution.study_files import record, summarize
from ablations.ledger.paths import RunsDirectory
from ablations.telemetry import study_events
from tests.support.synthetic_runs import SyntheticStudy, make_study


def test_the_record_says_what_a_diverged_run_scores(tmp_path: Path) -> None:
    """What the user states stands; the rest is what a guess among the data's classes scores."""
    study = make_study(if_diverged={"test_accuracy": 0.0, "train_seconds": 60.0})
    assert record(study, RunsDirectory(tmp_path), outputs=4)
    stated = read_record(tmp_path, study.study).if_diverged
    assert stated["test_accuracy"] == 0.0
    assert stated["train_seconds"] == 60.0
    assert stated["validation_accuracy_last"] == 0.25
    assert "weight_sparsity" not in stated
    assert not record(study, RunsDirectory(tmp_path), outputs=4)


def test_a_band_counts_the_seeds_that_the_study_declares(tmp_path: Path) -> None:
    """A run of another seed lies beside them and moves nothing, here as in the report."""
    made = SyntheticStudy(tmp_path, make_study(seeds=2))
    runs = RunsDirectory(made.runs)
    digests = {made.study.base.data: "digest"}
    counted = {}
    for seed, curve in ((0, (0.2, 0.4)), (1, (0.4, 0.6)), (7, (0.9, 0.9))):
        made.add("elu", seed, curve=curve)
        summarize(made.study, runs, digests)
        (path,) = runs.summary(made.study.study, "elu").iterdir()
        counted[seed] = means(path)
    assert counted[1][2] == pytest.approx(0.5)
    assert counted[7] == counted[1] != counted[0]


def means(path: Path) -> dict[int, float]:
    """Epoch → the band's mean of the curve that ``synthetic`` writes."""
    events = [Event.FromString(record) for record in RawEventFileLoader(str(path)).Load()]
    return {
        event.step: value.simple_value
        for event in events
        for value in event.summary.value
        if value.tag == "interval/validation_accuracy/mean"
    }


def test_a_run_that_another_runner_finishes_meanwhile_is_in_the_band(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The band of who read earlier and wrote later lacked it, and passed for up to date."""
    made = SyntheticStudy(tmp_path, make_study(seeds=2))
    runs = RunsDirectory(made.runs)
    digests = {made.study.base.data: "digest"}
    made.add("elu", 0, curve=(0.2, 0.4))
    real, second = study_events.write_bands, runs.run(made.study.study, "elu", 1).result

    other = Thread(target=summarize, args=(made.study, runs, digests))

    def late(*given: Any) -> None:
        if not second.exists():
            monkeypatch.setattr(study_events, "write_bands", real)
            made.add("elu", 1, curve=(0.4, 0.6))
            other.start()
            other.join(timeout=1)
        real(*given)

    monkeypatch.setattr(study_events, "write_bands", late)
    summarize(made.study, runs, digests)
    other.join()
    (path,) = runs.summary(made.study.study, "elu").iterdir()
    assert means(path)[2] == pytest.approx(0.5)
