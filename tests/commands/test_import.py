"""``ablations import``: tables of results in, reports out; through the shell, as users do."""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from click.testing import CliRunner, Result

from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import judge
from ablations.cli import main

Table = Mapping[str, np.ndarray[Any, Any]]
ARMS = ("slow", "fast", "same", "wild", "late")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ablations(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def import_(table: str, *more: str, **changes: str) -> Result:
    options = {"control": "slow", "metric": "error", "better": "lower", "margin": "0.5"}
    options |= {"study": "timing", **changes}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return ablations("import", table, *words, *more)


def draw_table(seed: int, seeds: int = 10) -> Table:
    draw = np.random.default_rng(seed)
    shared = draw.normal(10, 1, seeds)
    effects = dict(zip(ARMS, (0, -2, 0, 0.1, 0.6), strict=True))
    return {arm: shared + effect + draw.normal(0, 0.5, seeds) for arm, effect in effects.items()}


def write_table(path: Path, table: Table, diverged: frozenset[tuple[str, int]]) -> str:
    lines = ["arm,seed,status,error,hours"]
    for arm, values in table.items():
        for seed, value in enumerate(values.tolist()):
            gone = (arm, seed) in diverged
            lines.append(f"{arm},{seed},{'diverged,' if gone else f'completed,{value!r}'},1.5")
    path.write_text("\n".join(lines) + "\n")
    return path.name


@pytest.mark.parametrize("seed", range(5))
def test_verdicts_of_a_table_are_those_of_its_numbers(place: Path, seed: int) -> None:
    table, diverged = draw_table(seed), frozenset({("wild", 3)})
    name = write_table(place / "results.csv", table, diverged)
    assert import_(name, **{"if-diverged": "20"}).exit_code == 0
    assert ablations("report").exit_code == 0
    scored = {**table, "wild": np.where(np.arange(10) == 3, 20.0, table["wild"])}
    gone = {arm: frozenset({3} if arm == "wild" else ()) for arm in ARMS}
    family = [
        PairedDifferences(
            dict(enumerate((scored[arm] - scored["slow"]).tolist())), gone[arm], gone["slow"]
        )
        for arm in ARMS[1:]
    ]
    expected = judge(family, "lower", 0.5)
    with (place / "report/timing/verdicts.csv").open() as stream:
        rows = {row["arm"]: row for row in csv.DictReader(stream)}
    assert rows["slow"]["verdict"] == "control"
    for arm, comparison in zip(ARMS[1:], expected, strict=True):
        row, differences = rows[arm], scored[arm] - scored["slow"]
        assert row["verdict"] == comparison.verdict
        assert float(row["effect"]) == pytest.approx(differences.mean())
        ends = scipy.stats.ttest_1samp(differences, 0).confidence_interval(0.95)
        assert (float(row["low"]), float(row["high"])) == pytest.approx(tuple(ends))
        exact = scipy.stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
        )
        assert float(row["p"]) == pytest.approx(exact.pvalue)
        assert float(row["p_corrected"]) == pytest.approx(comparison.p_corrected)


def test_the_report_says_what_it_knows_and_no_more(place: Path) -> None:
    name = write_table(place / "results.csv", draw_table(0), frozenset({("wild", 3)}))
    said = import_(name, **{"if-diverged": "20"})
    assert said.output == "timing: 50 runs imported; ablations report timing\n"
    ablations("report")
    report = (place / "report/timing/report.md").read_text()
    assert "*Imported.* 5 arms, 10 seeds; 50 runs in the report, 1 of them diverged." in report
    assert "Better than the control, slow" in report
    assert (
        "ablations import results.csv --study timing --control slow --metric error "
        "--better lower --margin 0.5 --if-diverged 20.0" in report
    )
    for wrong in ("learning rate", "What each arm changes", "parameters", "Environment"):
        assert wrong not in report
    with (place / "report/timing/results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 50
    assert {row["hours"] for row in rows} == {"1.5"}
    before = {path: path.read_bytes() for path in (place / "report").rglob("*.*")}
    ablations("report")
    assert before == {path: path.read_bytes() for path in (place / "report").rglob("*.*")}


def test_a_larger_table_adds_and_none_replaces(place: Path) -> None:
    table = draw_table(0)
    half = {arm: values[:6] for arm, values in table.items()}
    import_(write_table(place / "half.csv", half, frozenset()))
    said = import_(write_table(place / "all.csv", table, frozenset()))
    assert said.output.startswith("timing: 20 runs imported, 30 were there")
    results = {path: path.read_bytes() for path in place.rglob("result.json")}
    assert len(results) == 50
    other = {arm: values + 1 for arm, values in table.items()}
    refused = import_(write_table(place / "other.csv", other, frozenset()))
    assert refused.exit_code == 2
    assert "holds another result than the source" in refused.output
    assert results == {path: path.read_bytes() for path in place.rglob("result.json")}


def test_a_corrected_table_replaces_what_differs_and_keeps_it(place: Path) -> None:
    table = draw_table(0, seeds=6)
    name = write_table(place / "t.csv", table, frozenset())
    import_(name, unit="hours")
    corrected = {**table, "fast": table["fast"] + np.where(np.arange(6) == 2, 1.0, 0.0)}
    write_table(place / "t.csv", corrected, frozenset())
    refused = import_(name)
    assert "holds another result than the source; wants --replace, or another" in refused.output
    path = place / "runs/timing/fast/seed-2/result.json"
    before = path.read_bytes()
    done = import_(name, "--replace", unit="hours")
    assert done.output == (
        "timing: 1 runs imported, 1 of them in place of others (kept until ablations clean), "
        "29 were there; ablations report timing\n"
    )
    assert json.loads(path.read_text())["metrics"]["error"] == corrected["fast"][2]
    (archive,) = (place / "runs").rglob("*.tar")
    with tarfile.open(archive) as kept:
        content = kept.extractfile("seed-2/result.json")
        assert content is not None
        assert content.read() == before
    ablations("report")
    report = (place / "report/timing/report.md").read_text()
    assert "sd (hours)" in report
    assert "--unit hours" in report


def test_a_column_of_text_is_left_out_and_named_and_one_that_mixes_is_an_error(place: Path) -> None:
    head = "arm,seed,error,note,host,mixed\n"
    rows = "slow,0,1,good,,3\nslow,1,1,,,\nfast,0,2,bad,,{}\nfast,1,3,3 days,,\n"
    (place / "t.csv").write_text(head + rows.format(4))
    said = import_("t.csv")
    assert said.output == (
        "t.csv: left out, for they hold no number: note\n"
        "timing: 4 runs imported; ablations report timing\n"
    )
    result = json.loads((place / "runs/timing/slow/seed-0/result.json").read_text())
    assert result["metrics"] == {"error": 1.0, "mixed": 3.0}
    (place / "t.csv").write_text(head + rows.format("x"))
    refused = import_("t.csv", study="other")
    assert refused.output.splitlines() == ['t.csv:4:6: mixed: wants a number, got "x" (text)']


def test_a_metric_of_this_package_is_shown_as_ever(place: Path) -> None:
    lines = [f"{arm},{seed},0.9{seed}" for arm in ("slow", "fast") for seed in range(6)]
    (place / "t.csv").write_text("\n".join(["arm,seed,test_accuracy", *lines]))
    assert import_("t.csv", metric="test_accuracy", better="higher").exit_code == 0
    ablations("report")
    assert "92.50%" in (place / "report/timing/report.md").read_text()
    result = json.loads((place / "runs/timing/fast/seed-2/result.json").read_text())
    assert result["metrics"] == {"test_accuracy": 0.92}


GOOD = "arm,seed,error\nslow,0,1\nfast,0,2\n"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("arm,seed,error\nslow,0,1\nslow,0,2\n", "t.csv:3:2: seed: slow has seed 0 twice"),
        ("arm,seed,error\nslow,0,good\n", 't.csv:2:3: error: wants a number, got "good"'),
        ("arm,seed,error\nslow,0,nan\n", "t.csv:2:3: error: wants a finite number, got nan"),
        ("arm,seed,error\nslow,0,\n", "t.csv:2:3: error: missing; wants a number"),
        ("arm,seed,error\nslow,-1,1\n", "t.csv:2:2: seed: wants a whole number ≥ 0"),
        ("arm,seed,error\nslow,0\n", "t.csv:2:1: 2 fields; wants 3"),
        ("arm,seed,error\n../slow,0,1\n", "t.csv:2:1: arm: "),
        ("arm,seed,error\nsummary,0,1\n", 't.csv:2:1: arm: "summary" is taken'),
        ("arm,seed,status,error\nslow,0,done,1\n", 't.csv:2:3: status: unknown status "done"'),
        ("arm,error\nslow,1\n", 't.csv:1: no column "seed"'),
        ("arm,seed,errors\nslow,0,1\n", 't.csv:1: no metric "error"; did you mean "errors"?'),
        ("arm,seed,error,error\nslow,0,1,1\n", 't.csv:1: two columns are called "error"'),
        ("arm,seed,error\n", "t.csv: holds no runs"),
        ("", 't.csv:1: no column "arm"'),
        ("arm,seed,error\nquick,0,1\n", '--control: no arm is called "slow"'),
        (b"arm,seed,error\n\xff,0,1\n", "t.csv: not a table in CSV"),
        (b"arm,seed,error\nsl\0ow,0,1\n", "t.csv"),
    ],
)
def test_a_wrong_table_is_told_in_a_line(place: Path, table: str | bytes, said: str) -> None:
    (place / "t.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    refused = import_("t.csv")
    assert refused.exit_code == 2
    assert refused.output.startswith(said)
    assert refused.output.count("\n") == 1
    assert not (place / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"study": "../x"}, "--study: "),
        ({"margin": "nan"}, "--margin: wants a finite number"),
        ({"if-diverged": "inf"}, "--if-diverged: wants a finite number"),
    ],
)
def test_a_wrong_option_is_told_in_a_line(
    place: Path, changes: Mapping[str, str], said: str
) -> None:
    (place / "t.csv").write_text(GOOD)
    refused = import_("t.csv", **changes)
    assert refused.exit_code == 2
    assert refused.output.startswith(said)
    assert not (place / "runs").exists()


def test_a_file_that_is_not_there_and_a_metric_that_is_better_otherwise(place: Path) -> None:
    assert import_("no.csv").output == "no.csv: No such file or directory; wants a table in CSV\n"
    (place / "t.csv").write_text("arm,seed,test_loss\nslow,0,1\n")
    refused = import_("t.csv", metric="test_loss", better="higher")
    assert refused.output.startswith("--better higher: test_loss is better lower")


def test_trained_and_imported_runs_never_share_a_directory(workplace: Path) -> None:
    (workplace / "t.csv").write_text(GOOD)
    assert import_("t.csv", study="small").exit_code == 0
    refused = ablations("run", "small", "--executor", "inline", "--seed", "0")
    assert refused.exit_code == 2
    assert refused.output.endswith(
        "runs/small: holds imported results; wants another name for the study, or another --runs\n"
    )
    ablations("run", "small", "--executor", "inline", "--seed", "0", "--runs", "trained")
    before = {path: path.read_bytes() for path in (workplace / "trained").rglob("*.json")}
    refused = import_("t.csv", study="small", runs="trained")
    assert refused.exit_code == 2
    assert "that were trained here" in refused.output
    assert before == {path: path.read_bytes() for path in (workplace / "trained").rglob("*.json")}


def test_a_metric_of_any_name_stays_inside_the_report(place: Path) -> None:
    metric = "../../eval/error"
    lines = [f"{arm},{seed},0.9{seed}" for arm in ("slow", "fast") for seed in range(6)]
    (place / "t.csv").write_text("\n".join([f"arm,seed,{metric}", *lines]))
    assert import_("t.csv", metric=metric).exit_code == 0
    done = ablations("report")
    assert (done.exit_code, done.output.count("Traceback")) == (0, 0)
    assert {path.name for path in place.iterdir()} == {"t.csv", "runs", "report"}
    figures = {path.stem for path in (place / "report/timing/figures").iterdir()}
    assert {"eval_error_effects", "eval_error_per_run"} <= figures


def test_arms_that_differ_in_case_alone_are_refused(place: Path) -> None:
    lines = [f"{arm},{seed},1" for arm in ("slow", "Fast", "fast") for seed in range(3)]
    (place / "t.csv").write_text("\n".join(["arm,seed,error", *lines]) + "\n")
    refused = import_("t.csv")
    assert refused.exit_code == 2
    assert 't.csv: arm "fast" shares its directory with "Fast" where case makes' in refused.output
    assert not (place / "runs").exists()


def test_a_percentage_is_refused_as_a_share_and_shown_as_declared(place: Path) -> None:
    draw = np.random.default_rng(0)
    values = {"slow": draw.normal(90, 0.1, 10), "fast": draw.normal(90, 0.1, 10) + 0.6}
    lines = [f"{arm},{n},{v}" for arm, of in values.items() for n, v in enumerate(of.tolist())]
    (place / "t.csv").write_text("\n".join(["arm,seed,test_accuracy", *lines]) + "\n")
    changes = {"metric": "test_accuracy", "better": "higher", "margin": "0.5"}
    refused = import_("t.csv", **changes)
    assert refused.exit_code == 2
    assert "t.csv:2:3: test_accuracy: expected a share, 0.972 for 97.2%, or --unit percent" in (
        refused.output
    )
    assert import_("t.csv", **changes, unit="percent").exit_code == 0
    assert ablations("report").exit_code == 0
    report = (place / "report/timing/report.md").read_text()
    assert f"{values['fast'].mean():.2f}%" in report
    effect = (values["fast"] - values["slow"]).mean()
    assert f"{effect:.2f} points" in report
    assert "0.50 points" in report  # the margin
    assert f"{100 * values['fast'].mean():.2f}" not in report
