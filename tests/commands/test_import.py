"""``ablations import``: tables of results in, reports out; through the shell, as users do."""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from click.testing import CliRunner, Result

from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import judge
from ablations.analysis.read.collect import read_record
from ablations.cli import main
from ablations.commands import import_results
from ablations.ledger import looks
from ablations.ledger import records as results

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


def test_a_column_of_text_and_a_cell_of_another_metric_are_left_out_and_named(place: Path) -> None:
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
    said = import_("t.csv", study="other")
    assert said.output.splitlines()[:2] == [
        "t.csv: left out, for they hold no number: note",
        "t.csv: column mixed: left out, as no number that can be shown: line 4 (x)",
    ]
    result = json.loads((place / "runs/other/fast/seed-0/result.json").read_text())
    assert (result["metrics"], result["notes"]) == ({"error": 2.0}, ["mixed is x: left out"])


def test_a_metric_of_this_package_is_shown_as_ever(place: Path) -> None:
    lines = [f"{arm},{seed},0.9{seed}" for arm in ("slow", "fast") for seed in range(6)]
    (place / "t.csv").write_text("\n".join(["arm,seed,test_accuracy", *lines]))
    assert import_("t.csv", metric="test_accuracy", better="higher").exit_code == 0
    ablations("report")
    assert "| 92.5% |" in (place / "report/timing/report.md").read_text()
    result = json.loads((place / "runs/timing/fast/seed-2/result.json").read_text())
    assert result["metrics"] == {"test_accuracy": 0.92}


GOOD = "arm,seed,error\nslow,0,1\nfast,0,2\n"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("arm,seed,error\nslow,0,1\nslow,0,2\n", "t.csv:3:2: seed: slow has seed 0 twice"),
        ("arm,seed,error\nslow,0,good\n", 't.csv:2:3: error: wants a number, got "good"'),
        (
            "arm,seed,status,error\nslow,0,completed,nan\n",
            "t.csv:2:4: error: wants a finite number of a completed run, got nan",
        ),
        (
            "arm,seed,error\nslow,0,1\nslow,1,1e120\nfast,0,2e120\n",
            "t.csv:3:3: error: wants a number of at most 1e+100, got 1e120",
        ),
        (
            "arm,seed,error\nslow,0,9.1%\n",
            't.csv:2:3: error: wants a number, got "9.1%" (text) (9.1% has a percent sign; wants',
        ),
        (f"arm,seed,error\nslow,{2**63},1\n", "t.csv:2:2: seed: wants a whole number"),
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


def test_no_version_of_a_run_that_is_replaced_twice_is_lost(place: Path) -> None:
    """The second archive took the place of the first: imports of one run have one fingerprint."""
    for score in (1, 2, 3, 3):
        (place / "t.csv").write_text(f"arm,seed,error\nslow,0,{score}\n")
        assert import_("t.csv", "--replace").exit_code == 0
    contents = []
    for path in (place / "runs").rglob("*.tar"):
        with tarfile.open(path) as kept:
            content = kept.extractfile("seed-0/result.json")
            assert content is not None
            contents.append(json.loads(content.read())["metrics"]["error"])
    assert sorted(contents) == [1, 2]


def test_an_import_beside_another_keeps_the_arms_of_both(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = draw_table(0)
    ours = write_table(place / "o.csv", {"slow": table["slow"], "fast": table["fast"]}, frozenset())
    other = write_table(
        place / "t.csv", {"slow": table["slow"], "same": table["same"]}, frozenset()
    )
    real = import_results.copy_events

    def meanwhile(*given: Any) -> None:
        monkeypatch.setattr(import_results, "copy_events", real)
        assert import_(other).exit_code == 0
        real(*given)

    monkeypatch.setattr(import_results, "copy_events", meanwhile)
    assert import_(ours).exit_code == 0
    assert set(read_record(place / "runs", "timing").arm_names) == {"slow", "fast", "same"}


def test_a_runs_directory_that_is_a_link_to_nowhere_is_told_in_a_line(place: Path) -> None:
    (place / "runs").symlink_to("gone")
    said = import_(write_table(place / "t.csv", draw_table(0), frozenset()))
    assert said.exit_code == 2
    assert "runs is a link to gone, which does not exist; expected a directory" in said.output


def report_of(place: Path) -> str:
    assert ablations("report", "timing").exit_code == 0
    return (place / "report/timing/report.md").read_text()


def test_a_second_import_is_a_second_look(place: Path) -> None:
    """``run`` noted looks, ``import`` did not: results were seen at 6 seeds, and then at 12."""
    table = draw_table(0, seeds=12)
    half = {arm: values[:6] for arm, values in table.items()}
    import_(write_table(place / "half.csv", half, frozenset()))
    assert "Looked at" not in report_of(place)
    import_(write_table(place / "all.csv", table, frozenset()))
    page = report_of(place)
    assert "Looked at n = 6 and 12: error up to about 0.08." in page
    assert page == report_of(place)
    import_("all.csv")
    assert page == report_of(place)


def test_arms_of_unlike_seeds_are_looked_at_as_they_come(place: Path) -> None:
    """Of labels that differ, or that an arm lacks, as many count as the longest arm has."""
    lines = [f"{arm},{seed},1" for arm, first in (("slow", 0), ("fast", 100)) for seed in
             range(first, first + 7)]  # fmt: skip
    (place / "t.csv").write_text("\n".join(["arm,seed,error", *lines]))
    import_("t.csv")
    (look,) = json.loads((place / "runs/timing/looks.json").read_text())["looks"]
    assert len(look["seeds"]) == 7


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def test_a_margin_that_is_changed_after_a_verdict_is_named_on_the_page(place: Path) -> None:
    """It turned "not settled" into "no difference that matters" without a trace."""
    name = write_table(place / "t.csv", draw_table(0), frozenset())
    import_(name, margin="0.005")
    first = report_of(place)
    assert "verdicts were shown" not in first
    import_(name, margin="0.5")
    page = report_of(place)
    said = f"The margin was 0.005 when the verdicts were shown on {today()}, and is 0.5 now."
    assert page.count(said) == 2  # above the verdicts, and in the section
    assert page.index(said) < page.index("## Verdicts")
    assert page == report_of(place)
    assert said in ablations("report", "timing").stderr
    import_(name, margin="2")
    assert f"The margin was 0.005 and 0.5 when the verdicts were shown on {today()}, and is 2 now."\
        in report_of(place)  # fmt: skip


def test_another_control_or_metric_or_other_arms_are_named(place: Path) -> None:
    table = draw_table(0)
    few = {arm: table[arm] for arm in ("slow", "fast", "same")}
    name = write_table(place / "t.csv", few, frozenset())
    import_(name)
    import_(name, control="same")
    page = report_of(place)
    said = f"The control was slow when the verdicts were shown on {today()}, and is same now."
    assert said in page
    import_(name, metric="hours", margin="1")
    page = report_of(place)
    assert "The metric was error when" in page
    assert "The margin was" not in page  # that was in another unit
    import_(write_table(place / "t.csv", table, frozenset()), metric="hours", margin="1")
    assert f"Arms since the verdicts were shown on {today()}: added wild and late." in (
        report_of(place)
    )


def test_a_report_on_runs_that_nobody_may_write_is_the_same_each_time(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write_table(place / "t.csv", draw_table(0), frozenset())
    import_(name, margin="0.005")
    import_(name, margin="0.5")
    record = place / "runs/timing/looks.json"
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "looks": content["looks"][:1]}))  # of the first alone

    @contextmanager
    def refuse(path: Path) -> Iterator[None]:
        raise PermissionError(13, "Permission denied", str(path))
        yield

    with monkeypatch.context() as patched:
        patched.setattr(looks, "alone", refuse)
        pages = [report_of(place) for _ in range(2)]
        assert ablations("check", "timing").exit_code in (0, 1, 3)
    assert len(json.loads(record.read_text())["looks"]) == 1
    pages.append(report_of(place))  # notes what was asked, and is the same
    assert len(json.loads(record.read_text())["looks"]) == 2
    assert len(set(pages)) == 1
    assert "The margin was 0.005 when" in pages[0]


def test_arms_that_differ_in_case_alone_are_refused(place: Path) -> None:
    lines = [f"{arm},{seed},1" for arm in ("slow", "Fast", "fast") for seed in range(3)]
    (place / "t.csv").write_text("\n".join(["arm,seed,error", *lines]) + "\n")
    refused = import_("t.csv")
    assert refused.exit_code == 2
    assert 't.csv: arm "fast" shares its directory with "Fast" where case makes' in refused.output
    assert not (place / "runs").exists()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("nan", "line 3 (nan)"),
        ("-inf", "line 3 (-inf)"),
        ("1e120", "line 3 (1e120)"),
        ("auto", "line 3 (auto)"),
        ("91.2%", "line 3 (91.2%) (91.2% has a percent sign; wants 0.912)"),
        ("0,91", "line 3 (0,91) (0,91 has a decimal comma; wants 0.91)"),
    ],
)
def test_one_bad_cell_of_another_column_is_named_and_left_out_alone(
    place: Path, cell: str, said: str
) -> None:
    (place / "t.csv").write_text(f'arm,seed,error,other\nslow,0,1,5\nfast,0,2,"{cell}"\n')
    done = import_("t.csv")
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == (
        f"t.csv: column other: left out, as no number that can be shown: {said}"
    )
    results = [json.loads(path.read_text()) for path in sorted(place.rglob("result.json"))]
    assert [r["metrics"] for r in results] == [{"error": 2.0}, {"error": 1.0, "other": 5.0}]
    assert [len(r["notes"]) for r in results] == [1, 0]


def test_a_column_that_is_written_in_percent_says_what_is_the_matter(place: Path) -> None:
    (place / "t.csv").write_text("arm,seed,error,other\nslow,0,1,90.1%\nfast,0,2,91%\n")
    assert import_("t.csv").output.splitlines()[0] == (
        "t.csv: left out, for they hold no number: other (90.1% has a percent sign; wants 0.901)"
    )


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity"])
def test_the_metric_that_is_not_finite_is_a_diverged_run_and_named(place: Path, cell: str) -> None:
    (place / "t.csv").write_text(f"arm,seed,error\nslow,0,1\nfast,0,{cell}\n")
    done = import_("t.csv")
    assert done.exit_code == 0
    assert done.output.startswith(f"t.csv: diverged, as error is not finite: line 3 ({cell})\n")
    result = json.loads((place / "runs/timing/fast/seed-0/result.json").read_text())
    assert (result["status"], result["metrics"]) == ("diverged", {})
    assert result["reason"] == f"error is {float(cell):g}"


def test_what_a_diverged_run_scores_is_said_first_where_the_import_does_not_say(
    place: Path,
) -> None:
    name = write_table(place / "t.csv", draw_table(0), frozenset({("wild", 3), ("late", 0)}))
    import_(name)
    worst = max(values.max() for values in draw_table(0).values())
    (answer,) = [line for line in ablations("report").output.splitlines() if "Diverged" in line]
    assert answer.startswith(
        f"timing: Diverged runs score {worst:#.4g}, the worst value of any completed run, as "
        "--if-diverged was not given: wild (1/10) and late (1/10). "
    )
    import_(name, **{"if-diverged": "20"})
    assert "Diverged runs score" not in ablations("report").output


def numbered(runs: int, arms: int = 1) -> str:
    lines = [f"{'slow' if not n % arms else f'a{n % arms}'},{n // arms},1" for n in range(runs)]
    return "\n".join(["arm,seed,error", *lines])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (numbered(50_001, 6), "t.csv: more than 50000 runs; wants at most 50000"),
        (numbered(10_001), "t.csv: 10001 seeds; wants at most 10000"),
        (numbered(1_001, 1_001), "t.csv: 1001 arms; wants at most 1000"),
    ],
    ids=["runs", "seeds", "arms"],
)
def test_what_is_too_much_is_told_in_a_line_and_nothing_is_written(
    place: Path, table: str, said: str
) -> None:
    (place / "t.csv").write_text(table)
    refused = import_("t.csv")
    assert (refused.exit_code, refused.output) == (2, f"{said}\n")
    assert not (place / "runs").exists()


def test_replace_takes_the_place_of_all_that_was_there(place: Path) -> None:
    table = draw_table(0, seeds=6)
    wrong = {**table, "typo": table["fast"]}
    import_(write_table(place / "t.csv", wrong, frozenset()))
    shorter = {arm: values[:5] if arm == "late" else values for arm, values in table.items()}
    write_table(place / "t.csv", shorter, frozenset())
    done = import_("t.csv", "--replace")
    assert done.output.splitlines() == [
        "t.csv: lacks, so removed (kept until ablations clean): late/seed-5, typo/seed-0, "
        "typo/seed-1, typo/seed-2, typo/seed-3 and 2 more",
        "timing: 0 runs imported, 29 were there, independent (--paired: seeds are shared); "
        "ablations report timing",
    ]
    assert len(list((place / "runs").rglob("*.tar"))) == 7
    assert "typo" not in ablations("status", "timing").output
    ablations("report")
    with (place / "report/timing/verdicts.csv").open() as stream:
        assert [row["arm"] for row in csv.DictReader(stream)] == list(ARMS)
    page = (place / "report/timing/report.md").read_text()
    removed = f"Arms since the verdicts were shown on {today()}: removed typo."
    assert removed in page
    assert "typo" not in page.replace(removed, "")


@pytest.mark.parametrize("written", [0, 7])
def test_an_import_that_is_interrupted_leaves_a_study_that_status_knows(
    place: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    name = write_table(place / "t.csv", draw_table(0), frozenset())
    write = results.Result.write
    done: list[Path] = []

    def interrupted(self: results.Result, path: Path) -> None:
        if len(done) == written:
            raise KeyboardInterrupt
        write(self, path)
        done.append(path)

    monkeypatch.setattr(results.Result, "write", interrupted)
    assert import_(name).exit_code != 0
    monkeypatch.undo()
    monkeypatch.chdir(place)
    status = ablations("status", "timing")
    assert status.exit_code == 0
    pending = [int(line.split()[-1]) for line in status.output.splitlines()[1:]]
    assert sum(pending) == 50 - written
    again = import_(name)
    assert again.output.startswith(f"timing: {50 - written} runs imported")


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
    assert f"{values['fast'].mean():.3f}%" in report  # two digits of the interval's half-width
    effect = (values["fast"] - values["slow"]).mean()
    assert f"{effect:.3f} points" in report
    assert "0.50 points" in report  # the margin
    assert f"{100 * values['fast'].mean():.2f}" not in report


def test_a_mean_and_an_effect_of_other_runs_both_say_of_how_many(place: Path) -> None:
    table = draw_table(0)
    unequal = {"slow": table["slow"], "fast": table["fast"][:7], "late": table["late"]}
    import_(write_table(place / "t.csv", unequal, frozenset()), "--paired")
    answer = ablations("report").output
    assert (
        "The control's mean is over 10 runs, an effect over the seeds that both arms have: that of "
        "fast over 7 pairs." in answer
    )
    report = (place / "report/timing/report.md").read_text()
    (control,) = (line for line in report.splitlines() if line.startswith("| slow (control) | c"))
    mean, *n = control.split(" | ")[3].split(" ", 1)
    assert n == ["(n = 10)"]
    digits = len(mean.partition(".")[2])
    assert digits >= 2
    assert mean == f"{table['slow'].mean():.{digits}f}"
