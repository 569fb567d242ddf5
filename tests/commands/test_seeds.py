"""The seeds of a study: how many settle something, and those that a runs directory has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablations.analysis.show.report import write_reports
from ablations.commands import plan, run, status
from ablations.commands.seeds import too_few_seeds, with_seeds
from ablations.errors import AblationsError
from ablations.execution import processes
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.records import Result
from tests.support.synthetic_runs import make_study


@pytest.mark.parametrize("seeds", [1, 5])
def test_too_few_seeds_are_named_with_what_would_do(seeds: int) -> None:
    said = too_few_seeds(make_study(("sigmoid", "elu"), seeds))
    count = "1 seed" if seeds == 1 else "5 seeds"
    assert said == f"{count} cannot settle a comparison; 6 can: --seeds 6"


def test_enough_seeds_and_a_single_arm_are_not_warned_of() -> None:
    assert too_few_seeds(make_study(("sigmoid", "elu"), 6)) == ""
    assert too_few_seeds(make_study(("sigmoid",), 2)) == ""


def looked(arms: int, looks: tuple[int, ...]) -> str:
    names = ("sigmoid", "elu", "relu", "tanh", "selu", "gelu", "mish", "silu")[:arms]
    weights = (0.6, 0.4)
    return too_few_seeds(make_study(names, looks[-1], looks=looks, look_weights=weights))


def test_a_look_that_can_settle_nothing_is_named() -> None:
    assert looked(8, (7, 10)) == ""  # 2/2⁷ ≤ .03, and by Holm 7 · 2/2¹⁰ ≤ .02
    assert looked(8, (6, 10)) == "a look at 6 seeds cannot settle a comparison; one at 7 can"
    assert looked(8, (7, 9)) == "a look at 9 seeds cannot settle a comparison; one at 10 can"


def test_the_last_look_decides_on_the_number_of_seeds() -> None:
    study = make_study(("sigmoid", "elu"), 20, looks=(10, 20), look_weights=(0.6, 0.4))
    assert with_seeds(study, 20) == study
    with pytest.raises(AblationsError, match="--seeds 30: activations declares its last look at"):
        with_seeds(study, 30)


def finish(job: Job) -> Outcome:
    """Finish a job at once."""
    job.directory.path.mkdir(parents=True)
    result = Result(
        study=job.study,
        arm=job.arm,
        seed=job.seed,
        status="completed",
        fingerprint=fingerprint(job.run().recipe, job.seed, job.data_digest),
        data_digest=job.data_digest,
        metrics={"test_accuracy": 0.5 + job.seed / 1000},
    )
    result.write(job.directory.result)
    return Outcome(job, result)


class Directory:
    """The study ``small``, whose file says 2 seeds of 2 arms, in one runs directory."""

    def __init__(self, capsys: pytest.CaptureFixture[str], runs: str = "runs") -> None:
        self.capsys, self.options = capsys, Options(runs=Path(runs))

    def run(self, count: int | None = None, *seeds: int) -> str:
        assert run.run("small", [], seeds, count, (), self.options) == 0
        return self.capsys.readouterr().out

    def told(self) -> tuple[str, str, str]:
        """Return what plan, status and report say."""
        plan.plan("small", (), self.options)
        planned = self.capsys.readouterr().out
        status.status("small", (), self.options)
        counted = self.capsys.readouterr().out
        (page,) = write_reports(self.options.runs, Path("report"), ["small"])
        return planned, counted, page.markdown

    def seeds(self) -> set[int]:
        """Return how many seeds plan, status, report and run speak of, all runs being done."""
        planned, counted, page = (text.splitlines() for text in self.told())
        runs = next(int(line.split()[0]) for line in planned if " runs: " in line)
        done = next(int(line.split()[1]) for line in counted if line.startswith("elu "))
        shown = next(line.partition(" 2 arms, ")[2] for line in page if " 2 arms, " in line)
        kept = next(line for line in self.run().splitlines() if "need no training" in line)
        return {runs // 2, done, int(shown.split()[0]), int(kept.split()[3]) // 2}


@pytest.fixture
def at_once(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is finished at once, without TensorFlow."""
    monkeypatch.setattr(processes.Processes, "execute", lambda _, jobs: map(finish, jobs))


@pytest.mark.usefixtures("at_once")
def test_declared_seeds_hold_for_their_runs_directory_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, elsewhere = Directory(capsys), Directory(capsys, "elsewhere")
    assert "10 completed" in here.run(5)
    assert here.seeds() == {5}
    said = "small: 5 seeds, as run --seeds declared for runs/small\n"
    assert [said in text for text in (here.run(), *here.told()[:2])] == [True] * 3
    assert "4 completed" in elsewhere.run()
    assert elsewhere.seeds() == {2}
    assert "as run --seeds declared" not in "".join(elsewhere.told())


@pytest.mark.usefixtures("at_once")
def test_more_seeds_later_are_a_second_look_and_fewer_change_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = Directory(capsys)
    here.run(5)
    assert "4 completed" in here.run(7)
    assert here.seeds() == {7}
    assert "Looked at n = 5 and 7: error up to about" in here.told()[2]
    assert "--seeds 5: runs/small declares 7 seeds, and none is left out once seen" in here.run(5)
    assert here.seeds() == {7}


@pytest.mark.usefixtures("at_once")
def test_what_is_trained_is_never_left_out_by_fewer_seeds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = Directory(capsys)
    here.run()
    assert "--seeds 1: runs/small holds runs of 2 seeds, and none is left out" in here.run(1)
    assert here.seeds() == {2}


@pytest.mark.usefixtures("at_once")
def test_a_single_seed_declares_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    here = Directory(capsys)
    here.run(None, 0)
    here.run(None, 9)
    assert "2 completed" in here.run()
    assert here.seeds() == {2}
    here.run(3, 1)  # declares three, asks for one that is there
    assert "2 completed" in here.run()
    assert here.seeds() == {3}


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("wrong", ["0", "1e30", '"x"', "[1]"])
def test_a_record_of_seeds_that_cannot_be_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    here = Directory(capsys)
    here.run(3)
    Path("runs/small/looks.json").write_text(f'{{"schema": 1, "seeds": {wrong}, "looks": []}}')
    with pytest.raises(AblationsError, match=r"looks\.json: not a record of looks: seeds: "):
        here.run()
