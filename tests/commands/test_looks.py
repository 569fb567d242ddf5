"""A study with looks: trained to a look, judged, and what is settled is trained no further."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations import Study
from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.page import build_page
from ablations.analysis.show.render import render_markdown
from ablations.analysis.show.report import write_reports
from ablations.analysis.show.sections.looks import looks as looks_section
from ablations.commands import check as check_command
from ablations.commands import plan as plan_command
from ablations.commands import report as report_command
from ablations.commands import run as run_command
from ablations.commands import status as status_command
from ablations.errors import AblationsError
from ablations.execution import session, worker
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome, work
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.records import Result

STUDY = """\
study: looked
question: "?"
base:
  data: {name: digits, validation: 200, train_examples: 320}
  model: {hidden: [4], activation: elu}
  training: {batch_size: 32, epochs: 1, optimizer: {name: sgd, learning_rate: 0.1}}
control: elu
arms:
  elu: {}
  high: {model.activation: relu}
  low: {model.activation: tanh}
  inert: {model.activation: gelu}
  near: {model.activation: selu}
  slight: {model.activation: sigmoid}
seeds: 20
looks: [10, 20]
margin: 0.005
"""
SHIFTS = {"elu": 0.0, "high": 0.05, "low": -0.05, "inert": 0.0, "near": 0.0, "slight": 0.006}
"""Points that the arms are better; what they are called after."""
SPREADS = {"near": 0.0005, "slight": 0.006}
"""Of the differences from the control."""


class Trained:
    """Stands in for training: what it would have found, and how often it was asked."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.stop_before: int | None = None
        self.failing: set[str] = set()

    def __call__(self, job: Job, _: object) -> Result:
        if self.stop_before is not None and len(self.jobs) >= self.stop_before:
            raise KeyboardInterrupt
        self.jobs.append(str(job))
        known = {"study": job.study, "arm": job.arm, "seed": job.seed, "status": "completed"}
        result = Result.model_validate(
            {
                **known,
                "fingerprint": fingerprint(job.run().recipe, job.seed, job.data_digest),
                "data_digest": job.data_digest,
                "metrics": {"test_accuracy": score(job.arm, job.seed)},
            }
            | ({"status": "failed", "reason": "no"} if str(job) in self.failing else {})
        )
        result.write(job.directory.result)
        return result

    @property
    def of_arms(self) -> Counter[str]:
        """How many runs of each arm were trained."""
        return Counter(job.split("/")[1] for job in self.jobs)


def score(arm: str, seed: int) -> float:
    shared = 0.9 + 0.01 * np.random.default_rng(seed).normal()
    own = np.random.default_rng([seed, len(arm), ord(arm[0])]).normal()
    noise = 0.0 if arm in ("elu", "inert") else SPREADS.get(arm, 0.004) * own
    return float(shared + SHIFTS[arm] + noise)


class InTurn:
    notice = ""
    training: Sequence[Job] = ()

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        yield from map(work, jobs)


@pytest.fixture
def trained(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    (workplace / "configs" / "looked.yaml").write_text(STUDY)
    instead = Trained()
    monkeypatch.setattr(worker, "_train", instead)
    monkeypatch.setattr(session, "executor_for", lambda _: InTurn())
    return instead


def run(arms: Sequence[str] = (), seeds: Sequence[int] = (), count: int | None = None) -> int:
    return run_command.run("looked", arms, seeds, count, (), Options())


def record() -> list[dict[str, Any]]:
    looks: list[dict[str, Any]] = json.loads(Path("runs/looked/looks.json").read_text())["looks"]
    return looks


def without_times() -> list[dict[str, Any]]:
    return [{key: look[key] for key in look if key != "at"} for look in record()]


def rewrite(old: str, new: str) -> None:
    path = Path("configs/looked.yaml")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def rows_of_verdicts() -> dict[str, list[str]]:
    lines = Path("report/looked/verdicts.csv").read_text().splitlines()[1:]
    return {line.split(",")[0]: line.split(",") for line in lines}


SETTLED = {"high": "better", "low": "worse", "inert": "equivalent", "near": "equivalent"}


def test_settled_arms_leave_and_the_others_go_on_by_themselves(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert trained.of_arms == {"elu": 20, "slight": 20, **dict.fromkeys(SETTLED, 10)}
    first, second = record()
    assert (first["seeds"], first["weight"], first["left"]) == (list(range(10)), 0.6, SETTLED)
    assert (second["seeds"], second["weight"]) == (list(range(20)), 0.4)
    said = capsys.readouterr().out
    assert "looked: look at 10 seeds: high better, low worse, inert equivalent" in said
    assert "1 arm goes on to 20 seeds" in said

    before = record()
    assert run() == 0
    assert (len(trained.jobs), record()) == (80, before)
    capsys.readouterr()
    status_command.status("looked", (), Options())
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {row[0]: sum(map(int, row[1:])) for row in rows[1:]} == trained.of_arms
    plan_command.plan("looked", (), Options())
    assert "80 runs: 80 done" in capsys.readouterr().out


def test_the_page_shows_each_look_and_what_it_saved(trained: Trained) -> None:
    run()
    (written,) = write_reports(Path("runs"), Path("report"), ["looked"])
    page = written.markdown
    assert "## Looks" in page
    assert "80 runs in place of the 120 that every arm at 20 seeds takes: 33% saved." in page
    assert (written.left_out, "6 arms, 20 seeds; 80 runs in the report" in page) == ((), True)
    rows = rows_of_verdicts()
    assert {arm: rows[arm][1] for arm in SETTLED} == SETTLED
    assert {arm: rows[arm][3] for arm in rows if arm != "elu"} == {
        **dict.fromkeys(SETTLED, "10"),
        "slight": "20",
    }
    again = write_reports(Path("runs"), Path("report2"), ["looked"])
    assert again[0].markdown == page


def test_before_its_first_look_a_study_is_judged_at_that_looks_error(trained: Trained) -> None:
    run(arms=["elu", "high"])
    (written,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert "| 10 | to come | 0.030 (60% of 0.05) | – |" in written.markdown
    assert "| 20 | to come | 0.020 (40% of 0.05) | – |" in written.markdown
    assert "saved" not in written.markdown
    assert rows_of_verdicts()["high"][1:4] == ["better", "", "10"]


def test_runs_after_the_last_look_count_at_the_next(trained: Trained) -> None:
    trained.stop_before = 78
    with pytest.raises(KeyboardInterrupt):
        run()
    (written,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert rows_of_verdicts()["slight"][3] == "10"
    assert "78 runs in the report" in written.markdown


def test_claims_are_said_to_be_judged_at_the_full_error(trained: Trained) -> None:
    claims = "claims:\n  - {better: high, than: low, source: notes 000}\n"
    rewrite("margin: 0.005\n", f"margin: 0.005\n{claims}")
    run()
    (written,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert "at the full 5% whenever that is: error up to about 0.08." in written.markdown


@pytest.mark.parametrize("stop", [0, 7, 60, 65, 79])
def test_interrupted_anywhere_it_goes_on_to_the_same_result(trained: Trained, stop: int) -> None:
    trained.stop_before = stop
    with pytest.raises(KeyboardInterrupt):
        run()
    trained.stop_before = None
    assert run() == 0
    assert trained.of_arms == {"elu": 20, "slight": 20, **dict.fromkeys(SETTLED, 10)}
    first, second = without_times()
    assert (first["left"], len(second["seeds"])) == (SETTLED, 20)


def test_a_look_waits_for_a_run_that_failed(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.failing = {"looked/near/seed-3"}
    assert run() == 1
    assert "the look at 10 seeds waits for 1 failed" in capsys.readouterr().out
    assert (len(trained.jobs), Path("runs/looked/looks.json").exists()) == (60, False)
    trained.failing = set()
    assert run() == 0
    assert (len(trained.jobs), len(record())) == (81, 2)


def test_single_arms_and_seeds_wait_for_the_others(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    run(arms=["high"])
    assert trained.of_arms == {"high": 10}
    assert "waits for 50 pending" in capsys.readouterr().out
    run(arms=["elu"], seeds=[15])
    assert trained.of_arms == {"high": 10, "elu": 1}
    run()
    assert (len(trained.jobs), len(record())) == (80, 2)


def test_all_that_counts_is_trained_again_and_the_looks_stay(trained: Trained) -> None:
    run()
    before = record()
    run_command.run("looked", (), (), None, (), Options(rerun=True))
    assert (len(trained.jobs), record()) == (160, before)


def test_runs_of_an_arm_that_left_before_do_not_count(trained: Trained) -> None:
    run()
    run(arms=["high"], seeds=[12])
    (written,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert any("high" in line and "left before" in line for line in written.left_out)
    assert "80 runs in the report" in written.markdown


def test_seeds_added_without_looks_are_said(trained: Trained) -> None:
    rewrite("looks: [10, 20]\n", "")
    run(count=10)
    (once,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert ("## Looks" in once.markdown, once.notices) == (False, once.notices)
    assert not any("Looked at" in notice for notice in once.notices)
    run(count=20)
    run(count=20)
    assert [(len(look["seeds"]), look["weight"]) for look in record()] == [(10, None), (20, None)]
    (twice,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert "Looked at n = 10 and 20: error up to about 0.08." in twice.notices


def test_looks_declared_after_a_look_are_said_to_be(trained: Trained) -> None:
    rewrite("looks: [10, 20]\n", "")
    run(count=10)
    rewrite("seeds: 20\n", "seeds: 20\nlooks: [10, 20]\n")
    run()
    (written,) = write_reports(Path("runs"), Path("report"), ["looked"])
    assert (
        "Looked at n = 10, before looks were declared: error up to about 0.08." in written.notices
    )


def test_looks_that_were_begun_are_not_changed(trained: Trained) -> None:
    run()
    rewrite("looks: [10, 20]\n", "looks: [12, 20]\n")
    with pytest.raises(
        AblationsError, match=r"look at 10 seeds was taken with weight 0\.6"
    ) as caught:
        run()
    assert "\n" not in str(caught.value)


def test_other_seeds_than_the_last_look_are_refused(trained: Trained) -> None:
    with pytest.raises(AblationsError, match="--seeds 30: looked declares its last look at 20"):
        run(count=30)
    assert trained.jobs == []
    run(count=20)
    assert len(trained.jobs) == 80


def test_another_comparison_begins_with_looks_of_its_own(trained: Trained) -> None:
    run()
    rewrite("  high: {model.activation: relu}\n", "  high: {model.activation: softplus}\n")
    run()
    assert [len(look["seeds"]) for look in record()] == [10, 20, 10, 20]


CHANGED = "The margin was 0.005 when the verdicts were shown on {}, and is 0.5 now."


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def page_of_looks() -> str:
    """Return the page without its other sections, which take seconds to draw."""
    return render_markdown(build_page(infer(collect(Path("runs"), "looked")), [looks_section]))


@pytest.mark.parametrize("declared", [True, False], ids=["with looks", "without looks"])
def test_a_margin_that_is_edited_after_a_report_is_named(trained: Trained, declared: bool) -> None:
    if not declared:
        rewrite("looks: [10, 20]\n", "")
    run()
    assert "verdicts were shown" not in page_of_looks()
    looks = len(record())
    rewrite("margin: 0.005\n", "margin: 0.5\n")
    run()
    assert len(record()) == looks + 1
    page = page_of_looks()
    assert page.count(CHANGED.format(today())) == 2  # at the top, and in the section
    assert ("| left |" in page) == declared
    run()
    assert len(record()) == looks + 1  # noted once
    assert page_of_looks() == page


def verdicts_in_python() -> None:
    assert len(Study.load("looked").verdicts) == 6


@pytest.mark.parametrize(
    "show",
    [
        lambda: report_command.report(["looked"], (), Path("runs"), Path("report")),
        lambda: check_command.check("looked", (), None, Options()),
        lambda: Study.load("looked").report(),
        verdicts_in_python,
    ],
    ids=["report", "check", "report in Python", "verdicts in Python"],
)
def test_who_shows_complete_runs_notes_what_they_were_asked(
    trained: Trained, show: Callable[[], object]
) -> None:
    """Runs of shards that were copied together: nobody noted it as the last of them ended."""
    rewrite("looks: [10, 20]\n", "")
    rewrite("seeds: 20\n", "seeds: 6\n")
    run()
    Path("runs/looked/looks.json").unlink()
    show()
    show()
    assert [(len(look["seeds"]), look["margin"]) for look in record()] == [(6, 0.005)]
    rewrite("margin: 0.005\n", "margin: 0.5\n")
    run()
    assert CHANGED.format(today()) in page_of_looks()


def test_what_is_shown_of_runs_that_are_not_complete_is_not_noted(trained: Trained) -> None:
    rewrite("looks: [10, 20]\n", "")
    run(seeds=list(range(6)))
    report_command.report(["looked"], (), Path("runs"), Path("report"))
    assert not Path("runs/looked/looks.json").exists()
