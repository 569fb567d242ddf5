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
    assert import_(name, "--paired", **{"if-diverged": "20"}).exit_code == 0
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
    assert said.output == (
        "timing: 50 runs imported, independent (--paired: seeds are shared); ablations report "
        "timing\n"
    )
    ablations("report")
    report = (place / "report/timing/report.md").read_text()
    assert (
        "*Imported.* 5 arms, 10 runs an arm; 50 runs in the report, 1 of them diverged." in report
    )
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


def write_runs(path: Path, arms: Mapping[str, Mapping[int, float]]) -> str:
    lines = [f"{arm},{seed},{value!r}" for arm, of in arms.items() for seed, value in of.items()]
    path.write_text("\n".join(["arm,seed,error", *lines]) + "\n")
    return path.name


BASE = [3.2798, 3.2794, 3.2774, 3.2787, 3.2788, 3.2791, 3.2778]
NEW = [3.2756, 3.2772, 3.2771, 3.2783, 3.2783, 3.2784, 3.2772]


@pytest.mark.parametrize("seeds", [range(7), [6, 4, 5, 1, 3, 0, 2], range(100, 107)])
def test_the_labels_of_independent_runs_decide_nothing(place: Path, seeds: Any) -> None:
    arms = {"slow": dict(enumerate(BASE)), "fast": dict(zip(seeds, NEW, strict=True))}
    assert import_(write_runs(place / "t.csv", arms), margin="0.001").exit_code == 0
    assert ablations("report").exit_code == 0
    rows = list(csv.DictReader((place / "report/timing/verdicts.csv").read_text().splitlines()))
    assert list(rows[0])[-1] == "replicates"
    assert [row["replicates"] for row in rows] == ["independent", "independent"]
    theirs = scipy.stats.ttest_ind(NEW, BASE, equal_var=False).confidence_interval()
    assert (rows[1]["verdict"], rows[1]["n"]) == ("better", "7")
    assert float(rows[1]["p"]) == pytest.approx(88 / 3432)
    assert float(rows[1]["low"]) == pytest.approx(theirs.low)
    assert float(rows[1]["high"]) == pytest.approx(theirs.high)
    report = " ".join((place / "report/timing/report.md").read_text().split())
    assert "Runs are independent, 7 runs an arm: equal seeds are not paired." in report
    assert "two-sided permutation test of Welch's t" in report
    for wrong in ("paired seed", "sign-flip", "Student"):
        assert wrong not in report


def test_unequal_numbers_of_independent_runs_are_all_used(place: Path) -> None:
    arms = {
        "slow": dict(enumerate([5.0, 5.1, 5.2, 5.1, 5.3, 5.0, 5.2, 5.1])),
        "fast": dict(enumerate([4.0, 4.1, 4.2, 4.1])),
        "few": {3: 4.0},
    }
    import_(write_runs(place / "t.csv", arms))
    ablations("report", "--paper")
    rows = list(csv.DictReader((place / "report/timing/verdicts.csv").read_text().splitlines()))
    assert [row["verdict"] for row in rows] == ["control", "better", "none"]
    assert float(rows[1]["p"]) == pytest.approx(1 / 495)
    report = " ".join((place / "report/timing/report.md").read_text().split())
    assert "4 against 8" in report
    assert "1 to 8 runs an arm" in report
    (caption,) = (place / "report/timing/paper").glob("*table*.tex") or [None]
    said = " ".join(caption.read_text().split()) if caption else ""
    assert "difference of means from the control, of independent runs" in said
    checked = ablations("check", "timing")
    assert "4 against 8 independent runs" in checked.output


def test_shared_seeds_get_a_hint_and_paired_uses_them(place: Path) -> None:
    shared = np.random.default_rng(1).normal(10, 1, 10)
    arms = {"slow": runs_of(shared), "fast": runs_of(shared - 0.3)}
    name = write_runs(place / "t.csv", arms)
    import_(name)
    ablations("report")
    report = " ".join((place / "report/timing/report.md").read_text().split())
    assert "scores correlate by 1.00: import --paired would use that, if the seeds" in report
    assert "Not settled: fast" in report
    assert "paired by seed" in import_(name, "--paired").output
    ablations("report")
    report = " ".join((place / "report/timing/report.md").read_text().split())
    assert "Better than the control" in report
    assert "correlate" not in report
    assert "--margin 0.5 --paired" in report


def runs_of(values: np.ndarray[Any, Any]) -> Mapping[int, float]:
    return dict(enumerate(values.tolist()))


def test_a_record_of_an_import_from_before_is_of_independent_runs(place: Path) -> None:
    import_(write_runs(place / "t.csv", {"slow": dict(enumerate(BASE)), "fast": {7: 1.0, 8: 1.1}}))
    record = place / "runs/timing/study.yaml"
    lines = record.read_text().splitlines(keepends=True)
    old = "".join(line for line in lines if not line.startswith("replicates"))
    record.write_text(old.replace("correction: holm", "correction: max_t"))
    assert ablations("report").exit_code == 0
    rows = list(csv.DictReader((place / "report/timing/verdicts.csv").read_text().splitlines()))
    assert (rows[1]["replicates"], rows[1]["verdict"]) == ("independent", "better")


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
        "29 were there, independent (--paired: seeds are shared); ablations report timing\n"
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
        "timing: 4 runs imported, independent (--paired: seeds are shared); ablations report "
        "timing\n"
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
