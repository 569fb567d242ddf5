"""``run --shard``: each job trains its own, says so, and merged they are one study."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablations.cli import main

LOOKS = "seeds: 6\nlooks: [4, 6]\nmargin: 0.01"
TUNED = "tune: {settings: {training.optimizer.learning_rate: [0.1, 0.2]}, seeds: [100, 101]}\n"


def ablations(*words: str, status: int = 0) -> str:
    inline = ("--executor", "inline") if words[0] == "run" else ()
    done = CliRunner().invoke(main, [*words, *inline])
    assert done.exit_code == status, done.output
    return done.output


def trained(root: str = "runs") -> set[str]:
    return {str(path.parent.relative_to(root)) for path in Path(root).rglob("result.json")}


def change(workplace: Path, old: str, new: str) -> None:
    path = workplace / "configs" / "small.yaml"
    path.write_text(path.read_text().replace(old, new))


def test_two_machines_runs_merged_give_the_report_of_one(workplace: Path) -> None:
    change(workplace, "seeds: 2", "seeds: 3")
    ablations("run", "small", "--runs", "whole")
    said = [ablations("run", "small", "--runs", f"part{i}", "--shard", f"{i}/2") for i in (1, 2)]
    parts = [trained(f"part{i}") for i in (1, 2)]
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == trained("whole")
    for i, (part, line) in enumerate(zip(parts, said, strict=True), start=1):
        assert f"small, shard {i}/2: {len(part)} of 6 runs\n" in line
        assert f"small, shard {i}/2: {len(part)} completed in " in line
        assert "go on" not in line
        shutil.copytree(f"part{i}/small", "merged/small", dirs_exist_ok=True)
    for root in ("whole", "merged"):
        ablations("report", "small", "--runs", root, "--out", f"report-{root}")
    whole, merged = (Path(f"report-{root}", "small") for root in ("whole", "merged"))
    assert (whole / "verdicts.csv").read_bytes() == (merged / "verdicts.csv").read_bytes()
    assert without_times(whole / "results.csv") == without_times(merged / "results.csv")
    assert "needs no training" in ablations("run", "small", "--runs", "merged").replace(
        "6 of 6 runs need", "6 of 6 runs needs"
    )


def without_times(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    return [{k: v for k, v in row.items() if "second" not in k} for row in rows]


def test_a_shard_says_what_its_looks_wait_for_and_how_to_go_on(workplace: Path) -> None:
    change(workplace, "seeds: 2", LOOKS)
    first = ablations("run", "small", "--shard", "1/2")
    assert "small: the look at 4 seeds waits for 4 pending\n" in first
    assert (
        "once the other shards are done, go on, in each of them as here: ablations run small"
        in first
    )
    assert len(trained()) == 4
    second = ablations("run", "small", "--shard", "2/2")
    assert "small: look at 4 seeds" in second
    for _ in range(2):
        last = [ablations("run", "small", "--shard", f"{i}/2") for i in (1, 2)]
    assert not any("go on, in each" in said for said in last)
    ablations("run", "small")
    again = ablations("run", "small")
    assert "need no training" in again


def test_a_shard_says_which_searches_it_waits_for(workplace: Path) -> None:
    change(workplace, "claims:", f"{TUNED}claims:")
    counts = Counter[str]()
    for shard in ("1/2", "2/2", "1/2"):
        said = ablations("run", "small", "--shard", shard)
        counts["waits"] += "is not compared yet" in said
        assert ("go on, in each of them as here" in said) == ("is not compared yet" in said)
    assert counts["waits"] == 1
    assert len(trained()) == 2 * 2 * 2 + 2 * 2


@pytest.mark.parametrize("text", ["0/2", "3/2", "half", ""])
def test_a_wrong_shard_is_one_line(workplace: Path, text: str) -> None:
    said = ablations("run", "small", "--shard", text, status=2)
    assert said.count("\n") == 1
    assert said.startswith("--shard: wants I/N")
    assert not Path("runs").exists()


def test_an_address_without_ray_is_one_line(workplace: Path) -> None:
    said = ablations("run", "small", "--address", "auto", status=2)
    assert said == "--address auto: wants --executor ray\n"
