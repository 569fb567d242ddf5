"""``report --paper``, from the shell and from Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import ablations
from ablations.cli import main
from ablations.commands import studies
from ablations.errors import AblationsError
from tests.support.synthetic_runs import SyntheticStudy


def report(*words: str) -> Result:
    return CliRunner().invoke(main, ["report", "small", *words])


@pytest.fixture
def place(workplace: Path) -> Path:
    (study,) = studies.load("small", {})
    made = SyntheticStudy(Path("runs"), study)
    made.write_record()
    for arm in study.arm_names:
        for seed in study.seeds:
            made.add(arm, seed, accuracy=0.9 + 0.01 * seed, curve=[0.5])
    return workplace


@pytest.mark.usefixtures("place")
def test_the_shell_and_python_write_the_same() -> None:
    study = ablations.Study.load("small")
    study.report("out", paper=True, columns=["mean", "effect"], width=3)
    done = report("--paper", "--columns", "mean, effect", "--width", "3")
    assert done.exit_code == 0, done.output
    written = {
        path.name: path.read_bytes()
        for path in Path("out/small/paper").rglob("*.*")
        if path.is_file()
    }
    assert {"table.tex", "numbers.tex", "example.tex", "test_accuracy_effects.pdf"} <= set(written)
    for path in Path("report/small/paper").rglob("*.*"):
        assert path.is_dir() or written[path.name] == path.read_bytes()
    assert "mean" in written["table.tex"].decode()
    assert "CI" not in written["table.tex"].decode()


@pytest.mark.usefixtures("place")
def test_what_is_asked_wrongly_is_a_line_and_writes_nothing() -> None:
    wrong = report("--paper", "--columns", "effct")
    assert wrong.exit_code == 2
    assert '--columns: small has no column "effct"; did you mean "effect"? Known: ' in wrong.output
    alone = report("--width", "3")
    assert alone.exit_code == 2
    assert alone.output == "columns and width are of a paper's table; wants paper, too\n"
    with pytest.raises(AblationsError, match="wants paper, too"):
        ablations.Study.load("small").report(columns=["mean"])
    narrow = report("--paper", "--width", "0")
    assert narrow.exit_code == 2
    assert narrow.output == "width: wants 2 to 12 inches, got 0\n"
    assert not Path("report").exists()
