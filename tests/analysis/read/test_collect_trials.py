"""The report reads each arm's search back from disk, and says how fair the comparison was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.read.collect import collect
from ablations.analysis.show.report import write_reports
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result
from ablations.study.expand import Run, expand_trials, tuned
from ablations.study.schema import Study

RATE = "training.optimizer.learning_rate"
RATES = (0.001, 0.01, 0.1)
SCORES = {"sigmoid": (0.2, 0.5, 0.4), "elu": (0.5, 0.7, 0.9)}
TUNE = {
    "search": "grid",
    "trials": [{"name": f"learning_rate-{rate}", "values": {RATE: rate}} for rate in RATES],
    "seeds": [100, 101],
    "metric": "validation_accuracy_best",
}


def choose(study: Study, **chosen: float) -> Study:
    """Return the study with the arms at what their searches are said to have chosen."""
    arms = [
        tuned(arm, {RATE: chosen[arm.name]}) if arm.name in chosen else arm for arm in study.arms
    ]
    return study.model_copy(update={"arms": tuple(arms)})


def leave(runs: Path, run: Run, score: float, **changes: Any) -> Path:
    """Write the result of one trial's run."""
    path = RunsDirectory(runs).run(run.study, run.arm, run.seed, run.trial).result
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "study": run.study,
        "arm": run.arm,
        "trial": run.trial,
        "seed": run.seed,
        "status": "completed",
        "fingerprint": fingerprint(run.recipe, run.seed, "digest"),
        "data_digest": "digest",
        "metrics": {"validation_accuracy_best": score},
    }
    Result.model_validate(content | changes).write(path)
    return path


@pytest.fixture
def made(synthetic: Any) -> Any:
    """A tuned study with all its trials and runs on disk."""
    made = synthetic(tune=TUNE)
    made.study = choose(made.study, sigmoid=0.01, elu=0.1)
    made.write_record()
    for run in expand_trials(made.study):
        place = [f"learning_rate-{rate}" for rate in RATES].index(run.trial)
        leave(made.runs, run, SCORES[run.arm][place] + 0.01 * (run.seed - 100))
    for arm in made.study.arm_names:
        for seed in made.study.seeds:
            made.add(arm, seed)
    return made


def page(made: Any, tmp_path: Path) -> str:
    (written,) = write_reports(made.runs, tmp_path / "report", [made.study.study])
    return written.markdown


def test_each_search_is_read_back_with_its_choice_and_its_edge(made: Any) -> None:
    sigmoid, elu = collect(made.runs, "activations").searches
    assert [trial.mean for trial in sigmoid.trials] == pytest.approx([0.205, 0.505, 0.405])
    assert (sigmoid.chosen.trial.values, dict(sigmoid.edges)) == ({RATE: 0.01}, {})
    assert (elu.chosen.trial.values, dict(elu.edges)) == ({RATE: 0.1}, {RATE: "highest"})
    assert sigmoid.confirmed
    assert elu.confirmed


def test_the_report_shows_the_budget_the_trials_and_warns_of_the_edge(
    made: Any, tmp_path: Path
) -> None:
    text = page(made, tmp_path)
    assert "*Tuned.*" in text
    assert "ntuned" not in text
    assert "3 trials × 2 seeds (100, 101), which the comparison does not use" in text
    assert f"the highest {RATE} that was tried did best for elu" in text
    assert "| elu | 0.1 | highest | 90.50% | 0 | 50.50% | 70.50% | 90.50% |" in text
    assert "| sigmoid | 0.01 | no | 50.50% | 0 | 20.50% | 50.50% | 40.50% |" in text


def test_a_mean_over_trials_that_survived_never_stands_alone(made: Any, tmp_path: Path) -> None:
    run = expand_trials(made.study)[0]
    leave(made.runs, run, 0.2, status="diverged", reason="loss not finite", metrics={})
    assert "| 1/6 | 21.00% (1/2 diverged) |" in page(made, tmp_path)


def test_a_choice_that_the_trials_no_longer_support_is_said(made: Any, tmp_path: Path) -> None:
    for run in expand_trials(made.study, ["sigmoid"])[:2]:
        leave(made.runs, run, 0.99)
    assert "no longer lead to the values that these are compared at: sigmoid" in page(
        made, tmp_path
    )


def test_trials_that_do_not_count_are_named(made: Any, tmp_path: Path) -> None:
    runs = expand_trials(made.study)
    leave(made.runs, runs[0], 0.2, fingerprint="other")
    leave(made.runs, runs[1], 0.2, status="failed", reason="killed")
    trials = made.runs / "activations" / "tuning"
    of_elu = trials / "elu" / "learning_rate-0.01" / "seed-100" / "result.json"
    (trials / "sigmoid" / "learning_rate-0.01" / "seed-100" / "result.json").write_text(
        of_elu.read_text()
    )
    leave(made.runs, runs[3], 0.2).write_text("{")
    (trials / "elu" / "learning_rate-0.1" / "seed-100" / "result.json").unlink()
    leave(made.runs, Run("activations", "elu", 100, runs[-1].recipe, "learning_rate-7.0"), 0.2)
    found = collect(made.runs, "activations").left_out
    assert {(entry.arm.removeprefix("tuning/"), entry.kind, entry.seeds) for entry in found} == {
        ("sigmoid/learning_rate-0.001", "stale", (100,)),
        ("sigmoid/learning_rate-0.001", "failed", (101,)),
        ("sigmoid/learning_rate-0.01", "foreign", (100,)),
        ("sigmoid/learning_rate-0.01", "unreadable", (101,)),
        ("elu/learning_rate-0.1", "unfinished", (100,)),
        ("elu/learning_rate-7.0", "removed", ()),
    }
    assert "elu/learning_rate-7.0" in page(made, tmp_path)


def test_an_arm_whose_search_is_not_complete_is_not_compared(made: Any, tmp_path: Path) -> None:
    arms = tuple(arm.model_copy(update={"tuned": {}}) for arm in made.study.arms)
    made.study = choose(made.study.model_copy(update={"arms": arms}), sigmoid=0.01)
    made.write_record()
    text = page(made, tmp_path)
    assert "Not compared, as the search is not complete: elu." in text
    assert not collect(made.runs, "activations").of_arm("elu")
