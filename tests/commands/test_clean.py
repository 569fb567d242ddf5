"""No finished run is lost to a command: what is replaced is kept until it is cleaned."""

from __future__ import annotations

import os
import tarfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ablations.cli import main
from ablations.ledger import replaced
from ablations.ledger.lock import hold
from ablations.ledger.paths import RunsDirectory
from ablations.training import run as training


def ablations(*words: str, answer: str = "", status: int = 0) -> str:
    inline = ("--executor", "inline") if words[0] == "run" else ()
    done: Result = CliRunner().invoke(main, [*words, *inline], input=answer)
    assert done.exit_code == status, done.output
    return done.output


def kept() -> list[Path]:
    return sorted(Path("runs").rglob("*.tar"))


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        files = [member for member in tar.getmembers() if member.isfile()]
        return {member.name: tar.extractfile(member).read() for member in files}  # type: ignore[union-attr]


def change(workplace: Path, old: str, new: str) -> None:
    path = workplace / "configs" / "small.yaml"
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize("why", ["stale", "rerun"])
def test_a_finished_run_that_is_trained_again_is_kept(workplace: Path, why: str) -> None:
    ablations("run", "small", "--arm", "elu")
    directory = Path("runs/small/elu/seed-0")
    before = {
        f"seed-0/{path.name}": path.read_bytes()
        for path in directory.glob("[!.]*")
        if path.is_file()
    }
    assert kept() == []
    if why == "stale":
        change(workplace, "hidden: [16]", "hidden: [8]")
    said = ablations("run", "small", "--arm", "elu", *(["--rerun"] if why == "rerun" else []))
    assert (
        "small: trains 2 finished runs again (old results are kept until ablations clean): elu "
        "seeds 0, 1\n" in said
    )
    archive, _ = kept()
    assert archive.parent == Path("runs/small/elu/.replaced")
    assert members(archive) == before
    assert (directory / "result.json").read_bytes() != before["seed-0/result.json"]
    assert "2" in ablations("status", "small").splitlines()[1]
    assert "replaced" not in ablations("report", "small")


def test_clean_shows_asks_and_deletes(workplace: Path) -> None:
    assert ablations("clean") == "nothing was replaced\n"
    ablations("run", "small", "--arm", "elu")
    for _ in range(2):
        ablations("run", "small", "--arm", "elu", "--rerun")
    assert len(kept()) == 2  # the same run twice, of each seed
    said = ablations("clean", "small", answer="n\n")
    assert "delete 2 replaced runs" in said
    assert all(str(path) in said for path in kept())
    assert len(kept()) == 2
    ablations("clean", status=1)  # no answer is no yes
    assert len(kept()) == 2
    assert "deleted 2 replaced runs" in ablations("clean", answer="y\n")
    assert kept() == []
    assert Path("runs/small/elu/seed-0/result.json").exists()


def test_a_run_that_cannot_be_kept_is_not_replaced(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ablations("run", "small", "--arm", "elu", "--seed", "0")
    directory = Path("runs/small/elu/seed-0")
    before = {path.name: path.read_bytes() for path in directory.iterdir()}

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = ablations("run", "small", "--arm", "elu", "--seed", "0", "--rerun", status=2)
    assert "No space left" in said
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before
    assert "nothing to train" in ablations("run", "small", "--arm", "elu", "--seed", "0")
    assert list(Path("runs/small/elu/.replaced").iterdir()) == []
    assert training.replaced is replaced


def test_a_stage_that_a_run_begins_to_train_before_the_yes_is_kept(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = [RunsDirectory(Path("runs")).stage(key).path for key in ("ab", "cd")]
    for stage in stages:
        stage.mkdir(parents=True)
    with ExitStack() as stack:

        def answer(_: str) -> bool:
            stack.enter_context(hold(stages[0]))
            return True

        monkeypatch.setattr("click.confirm", answer)
        said = ablations("clean")
        assert f"{stages[0]}: kept, as a run trains it by now" in said
    assert [stage.exists() for stage in stages] == [True, False]
