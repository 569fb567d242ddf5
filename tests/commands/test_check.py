"""The gate: exit status, and a line that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ablations.analysis.show.report import write_reports
from ablations.cli import main

MARGIN = 0.01


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def table(path: Path, arms: Mapping[str, Sequence[float | None]]) -> Path:
    """Write the accuracies of each arm, seed by seed; None is a run that diverged."""
    lines = ["arm,seed,status,accuracy"]
    for arm, values in arms.items():
        for seed, value in enumerate(values):
            done = "diverged," if value is None else f"completed,{float(value)!r}"
            lines.append(f"{arm},{seed},{done}")
    path.write_text("\n".join(lines) + "\n")
    return path


def imported(
    path: Path, arms: Mapping[str, Sequence[float | None]], runs: Path, **options: Any
) -> Path:
    given = {"--margin": MARGIN, "--better": "higher", "--if-diverged": 0.1, **options}
    words = [word for option, value in given.items() for word in (option, value)]
    done = call(
        "import", table(path, arms), "--study", "s", "--control", "base", "--metric", "accuracy",
        "--runs", runs, "--paired", *words,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return runs


RANDOM = np.random.default_rng(0)
BASE = list(0.9 + 0.003 * RANDOM.standard_normal(10))


def moved(by: float, spread: float = 0.002, seeds: int = 10) -> list[float]:
    """Return the base's accuracies, changed by exactly so much on average."""
    noise = spread * RANDOM.standard_normal(seeds)
    return list(np.asarray(BASE[:seeds]) + by + noise - noise.mean())


CASES = {
    "worse by far": (moved(-0.05), 1, "WORSE by the margin than base: worse by at least the mar"),
    "better": (moved(0.05), 0, "not worse by the margin than base: better by at least"),
    "the same bits": (BASE, 0, "not worse by the margin than base: equivalent; accuracy 0 (95%"),
    "within the margin": (moved(-0.001), 0, "not worse by the margin than base: "),
    "worse, within the margin": (
        moved(-0.004, 0.001), 0, "not worse by the margin than base: worse by less than the marg",
    ),
    "worse around the margin": (
        moved(-0.01, 0.003), 3,
        "NOT SETTLED whether worse by the margin than base: worse; accuracy −0.0100 (95%",
    ),
    "noise": (moved(-0.02, 0.08), 3, "worse by the margin than base: not settled"),
    "not settled, but no worse": (moved(0.012, 0.025), 0, "not worse by the margin than base: not"),
    "too few seeds": (moved(-0.5, seeds=5), 3, "no verdict (too few pairs)"),
    "diverges": ([None] * 10, 1, "WORSE by the margin than base: worse by at least the margin; u"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_arm_is_held_against_the_control(case: str, tmp_path: Path) -> None:
    values, status, line = CASES[case]
    runs = imported(tmp_path / "t.csv", {"base": BASE, "arm": values}, tmp_path / "runs")
    done = call("check", "s", "--runs", runs)
    assert (done.exit_code, len(done.stdout.splitlines())) == (status, 1), done.output
    assert line in done.stdout
    assert done.stdout.startswith("s: arm: ")


def test_one_worse_arm_is_enough_whatever_the_others_are(tmp_path: Path) -> None:
    arms = {"base": BASE, "good": moved(0.05), "noisy": moved(0, 0.08), "bad": moved(-0.05)}
    runs = imported(tmp_path / "t.csv", arms, tmp_path / "runs")
    done = call("check", "s", "--runs", runs)
    assert done.exit_code == 1
    assert [line.split(": ")[1:3] for line in done.stdout.splitlines()] == [
        ["good", "not worse by the margin than base"],
        ["noisy", "NOT SETTLED whether worse by the margin than base"],
        ["bad", "WORSE by the margin than base"],
    ]


def test_what_is_lower_is_better_where_the_study_says_so(tmp_path: Path) -> None:
    lower = {"--better": "lower", "--if-diverged": 1.0}
    arms = {"base": BASE, "arm": moved(0.05)}
    runs = imported(tmp_path / "t.csv", arms, tmp_path / "runs", **lower)
    assert call("check", "s", "--runs", runs).exit_code == 1
    arms = {"base": BASE, "arm": moved(-0.05)}
    runs = imported(tmp_path / "t.csv", arms, tmp_path / "others", **lower)
    assert call("check", "s", "--runs", runs).exit_code == 0


def test_each_arm_is_held_against_itself_before(tmp_path: Path) -> None:
    before = {"base": BASE, "arm": moved(0.03), "gone": BASE}
    runs = imported(tmp_path / "before.csv", before, tmp_path / "before")
    write_reports(runs, tmp_path / "report", ["s"])
    report = tmp_path / "report"
    forms = (report / "s" / "results.csv", report / "s", report, runs, tmp_path / "before.csv")
    for by, status in ((-0.05, 1), (0.0, 0), (0.05, 0)):
        now = {"base": BASE, "arm": list(np.asarray(before["arm"]) + by), "new": moved(-0.5)}
        imported(tmp_path / "now.csv", now, tmp_path / f"runs{by}")
        for form in forms:
            done = call("check", "s", "--runs", tmp_path / f"runs{by}", "--against", form)
            assert done.exit_code == status, done.output
            lines = {line.split(": ")[1]: line for line in done.stdout.splitlines()}
            assert set(lines) == {"base", "arm", "new", "gone"}
            assert "is new" in lines["new"]
            assert f"is in {form} alone" in lines["gone"]
            assert f"not worse by the margin than in {form}: equivalent" in lines["base"]


def test_what_cannot_be_compared_is_a_wrong_request(tmp_path: Path) -> None:
    runs = imported(tmp_path / "t.csv", {"base": BASE, "arm": BASE}, tmp_path / "runs")
    other = table(tmp_path / "other.csv", {"x": BASE})
    (tmp_path / "odd.csv").write_text("arm,seed,accuracy\nbase,0,much\n")
    (tmp_path / "twice.csv").write_text("arm,seed,accuracy\nbase,0,1\nbase,0,1\n")
    (tmp_path / "short.csv").write_text("arm,seed\nbase,0\n")
    for arguments, line in (
        (["s", "--against", other], "has no arm of s; it has x"),
        (["s", "--against", tmp_path / "nowhere"], "wants a results.csv, the folder of a report"),
        (["s", "--against", tmp_path / "odd.csv"], "odd.csv:2: accuracy: wants a finite number"),
        (["s", "--against", tmp_path / "twice.csv"], "twice.csv:3: base has seed 0 twice"),
        (["s", "--against", tmp_path / "short.csv"], 'no column "accuracy"'),
        (["t"], 'no study "t"'),
    ):
        done = call("check", *arguments, "--runs", runs)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert line in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_runs_that_are_missing_or_stale_settle_nothing(workplace: Path, tensorflow: Any) -> None:
    study = Path("configs/small.yaml")
    written = study.read_text().replace("sigmoid: {model.activation: sigmoid}", "sigmoid: copy")
    study.write_text(written.partition("claims:")[0].replace("seeds: 2", "seeds: 6"))
    assert call("check", "small").exit_code == 2
    done = call("run", "small", "--executor", "inline", "--arm", "elu")
    assert done.exit_code == 0, done.output
    done = call("check", "small")
    assert (done.exit_code, "runs missing: 6 pending; ablations run small" in done.stdout) == (3, 1)
    assert call("run", "small", "--executor", "inline").exit_code == 0
    done = call("check", "small")
    assert (done.exit_code, "equivalent" in done.stdout) == (0, True), done.output
    study.write_text(study.read_text().replace("hidden: [16]", "hidden: [8]"))
    done = call("check", "small")
    assert (done.exit_code, "was changed since its last run" in done.stdout) == (3, True)
