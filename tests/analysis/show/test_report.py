import csv
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from scipy import stats

from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.to_json import to_json
from ablations.analysis.read.collect import collect
from ablations.analysis.show import report as report_module
from ablations.analysis.show.report import StudyReport, answer_markdown, write_reports
from ablations.cli import main
from ablations.errors import AblationsError
from ablations.study.metrics import METRICS
from tests.support.pages import Text

FIGURES = (
    "test_accuracy_effects",
    "test_accuracy_per_run",
    "validation_accuracy_per_epoch",
    "train_loss_per_epoch",
    "validation_loss_per_epoch",
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "report"


def report(made: Any, out: Path) -> StudyReport:
    (written,) = write_reports(made.runs, out, [made.study.study])
    return written


def fill(made: Any) -> None:
    for position, arm in enumerate(made.study.arm_names):
        for seed in made.study.seeds:
            made.add(arm, seed, accuracy=0.5 + 0.1 * position + 0.01 * seed)


def files(directory: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


def test_all_files_are_written_and_the_numbers_stand_in_each(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    written = report(made, out)
    assert set(files(out)) == {
        "README.md",
        "index.html",
        "activations/report.md",
        "activations/index.html",
        "activations/overview.json",
        "activations/results.csv",
        "activations/results.tex",
        "activations/verdicts.csv",
        "activations/curves.csv",
        *(f"activations/figures/{name}.{kind}" for name in FIGURES for kind in ("svg", "png")),
        "activations/figures/at_a_glance.svg",
    }
    assert written.notices == ()
    assert written.page == out / "activations" / "index.html"
    page = Text(written.page.read_text()).text
    tex = (out / "activations" / "results.tex").read_text()
    for text in (written.markdown, page, tex.replace("\\%", "%")):
        assert "61.00%" in text  # elu: 60, 61, 62
        assert "+10.00" in text
        assert "sigmoid (control)" in text
    for text in (written.markdown, page):
        assert "Which activation trains best?" in text
        assert "Untuned: no search gave each arm" in text
        assert "No verdicts: with 3 paired seeds no difference can be told from chance" in text
        assert "a verdict takes at least 6 seeds" in text
        assert "ablations run activations --seeds 3" in text
    assert written.markdown == (out / "activations" / "report.md").read_text()


def test_twice_gives_the_same_bytes_also_elsewhere(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    report(made, out)
    first = files(out)
    for stale in ("old.svg", "old.png"):
        (out / "activations" / "figures" / stale).write_text("<svg/>")
    report(made, out)
    assert files(out) == first
    elsewhere = out.parent / "another" / "place"
    elsewhere.parent.mkdir()
    made.runs.rename(elsewhere)
    made.runs = elsewhere
    report(made, elsewhere.parent / "out")
    assert files(elsewhere.parent / "out") == first
    assert not [name for name, data in first.items() if str(out.parent).encode() in data]


def test_another_process_gives_the_same_bytes(factorial_study: Any, out: Path) -> None:
    claim = {"better": "activation-elu_batch_size-64", "than": "control", "source": "notes 000"}
    made = factorial_study(margin=0.01, claims=[claim])
    report(made, out)
    code = (
        "import sys; from pathlib import Path; "
        "from ablations.analysis.infer.inference import infer; "
        "from ablations.analysis.infer.to_json import to_json; "
        "from ablations.analysis.read.collect import collect; "
        "from ablations.analysis.show.report import write_reports; "
        "write_reports(Path(sys.argv[1]), Path(sys.argv[2]), []); "
        "text = to_json(infer(collect(Path(sys.argv[1]), 'factorial'))); "
        "Path(sys.argv[2], 'inference.json').write_text(text, encoding='utf-8')"
    )
    (out / "inference.json").write_text(
        to_json(infer(collect(made.runs, "factorial"))), encoding="utf-8"
    )
    elsewhere = out.parent / "elsewhere"
    changed = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "1", "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", code, str(made.runs), str(elsewhere)],
        check=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, **changed},
    )
    assert files(elsewhere) == files(out)


def test_every_file_of_a_run_is_read_once(
    synthetic: Any, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = synthetic(claims=[{"better": "elu", "than": "sigmoid", "source": "notes 000"}])
    fill(made)
    opened: list[Path] = []
    read_bytes = Path.read_bytes

    def counted(path: Path) -> bytes:
        opened.append(path)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    report(made, out)
    of_runs = [path for path in opened if path.is_relative_to(made.runs)]
    assert len(of_runs) == len(set(of_runs)) == 1 + 6 * 2  # the record; results and metrics


def test_a_users_matplotlibrc_changes_nothing(synthetic: Any, out: Path) -> None:
    import matplotlib

    made = synthetic()
    fill(made)
    report(made, out)
    first = files(out)
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "none", "axes.facecolor": "red"}):
        report(made, out)
    assert files(out) == first


def test_markup_in_names_is_shown_not_executed(synthetic: Any, out: Path) -> None:
    bad = '<script>alert("1")</script> | a_b* [x](javascript:y) $5 & 10% \\ {z}'
    claim = {"better": "elu", "than": "sigmoid", "source": bad, "text": bad}
    made = synthetic(question=bad, description=f"{bad}\n\n# {bad}", claims=[claim])
    fill(made)
    made.add("elu", 1, status="failed", reason=bad, environment={"device": bad})
    written = report(made, out)
    page = Text(written.page.read_text())
    assert sum(tag == "script" for tag, _ in page.tags) == 1  # the one that sorts the table
    assert page.text.count(bad) >= 5
    assert bad in Text((out / "index.html").read_text()).text
    for text in (written.markdown, (out / "README.md").read_text()):
        assert "<" not in text
        assert not re.search(r"(?<!\\)\[x\]", text)
    blocks = re.findall(r"(?:^\|.*\n)+", written.markdown, flags=re.MULTILINE)
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_latex_specials_are_escaped(synthetic: Any, out: Path) -> None:
    made = synthetic(("sigmoid", "leaky_relu"))
    fill(made)
    report(made, out)
    tex = (out / "activations" / "results.tex").read_text()
    body = [line for line in tex.splitlines() if line.endswith(r"\\")]
    assert r"leaky\_relu" in tex
    assert not re.search(r"(?<!\\)[%_#]", "".join(body))
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {10}
    assert tex.count(r"\toprule") == tex.count(r"\bottomrule") == 1


def test_pages_need_no_network_and_ids_are_unique(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    page = Text(report(made, out).page.read_text())
    links = [a.get("src") or a.get("href") or a.get("xlink:href") or "" for _, a in page.tags]
    assert not [link for link in links if "//" in link]
    assert not [tag for tag, _ in page.tags if tag in ("link", "img", "iframe")]
    identifiers = [a["id"] for _, a in page.tags if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    targets = {a["xlink:href"] for tag, a in page.tags if tag == "use"}
    assert targets <= {f"#{identifier}" for identifier in identifiers}


def test_figures_are_well_formed_small_and_their_text_can_be_searched(
    synthetic: Any, out: Path
) -> None:
    made = synthetic()
    fill(made)
    report(made, out)
    for path in (out / "activations" / "figures").glob("*.svg"):
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")
        words = [element.text for element in root.iter() if element.tag.endswith("}text")]
        assert any("elu" in (word or "") for word in words)
        assert root.get("font-family", "").endswith("sans-serif")
        assert b"metadata" not in path.read_bytes()
        assert path.stat().st_size < 25_000  # matplotlib's own has up to 60,000


def test_diverged_runs_are_counted_beside_the_mean(synthetic: Any, out: Path) -> None:
    claim = {"better": "elu", "than": "sigmoid", "on": "test_accuracy", "source": "notes 000"}
    made = synthetic(("sigmoid", "elu"), 4, claims=[claim])
    fill(made)
    for seed in range(3):
        made.add("elu", seed, accuracy=None, status="diverged", reason="loss is nan")
    text = report(made, out).markdown
    assert "elu: 63.0% (n = 1 of 4, 3 diverged)" in text
    row = next(line for line in text.splitlines() if line.startswith("| elu "))
    # A diverged run scores the worst of any completed one, 50%: 0, −1, −2, +10 over 50 to 53%.
    assert row.startswith("| elu | no verdict (too few pairs) | yes | 63.0% (1 of 4) | +1.7 | ")
    assert row.endswith(" | – | 4 | 38% | 3/4 diverged |")
    assert "a diverged run scores 50.00%, the worst of any completed run, as the study" in text
    assert "the seeds that completed in both: elu +10.00, n = 1." in text


def test_three_of_eight_diverged_is_never_a_mean_over_five(synthetic: Any, out: Path) -> None:
    made = synthetic(("sigmoid", "elu", "tanh"), 8, margin=0.005)
    fill(made)
    for seed in (1, 4, 6):
        made.add("elu", seed, accuracy=None, status="diverged", reason="loss is nan")
    written = report(made, out)
    page = Text(written.page.read_text()).text
    tex = (out / "activations" / "results.tex").read_text()
    for text in (written.markdown, page, tex):
        assert "3/8 diverged" in text
        assert "(5 of 8)" in text
    assert "unstable" not in written.markdown  # 3 of 8 against none: McNemar's p is 1/8
    for text in (written.markdown, page):
        assert not re.search(r"63\.\d\d%(?! \(5 of 8\)| ± )", text)  # the mean of the five


def test_verdicts_stand_in_every_format(synthetic: Any, out: Path) -> None:
    claim = {"better": "elu", "than": "sigmoid", "source": "notes 000"}
    made = synthetic(("sigmoid", "elu", "tanh"), 8, margin=0.005, claims=[claim])
    for seed in range(8):
        made.add("sigmoid", seed, accuracy=0.5 + 0.001 * seed)
        made.add("elu", seed, accuracy=0.6 + 0.0012 * seed)
        made.add("tanh", seed, accuracy=0.5 + 0.001 * (seed + (-1) ** seed))
    written = report(made, out)
    page = Text(written.page.read_text())
    tex = (out / "activations" / "results.tex").read_text()
    for text in (written.markdown, page.text, tex):
        assert "better by at least the margin" in text
        assert "equivalent" in text
    assert "reproduced by at least the margin" in written.markdown
    row = next(line for line in written.markdown.splitlines() if line.startswith("| elu "))
    # Mean 0.1007, t(7, 0.975) = 2.3646, s/√8 = 0.0002 · 2.4495/√8: ± 0.041 points.
    assert row.startswith("| elu | better by at least the margin | yes | 60.420% | +10.070 | ")
    assert "| +10.029 to +10.111 |" in row
    # 2/2⁸, and as many again where all differences of the other arm agree.
    assert "| 0.016 | 8 | 100% | 0 |" in row
    looks = {a.get("class") for tag, a in page.tags if tag == "span"}
    assert {"verdict better", "verdict equivalent"} <= looks
    assert written.answer[-1] == "Of 1 claim of notes or our own: 1 reproduced."


def test_what_tensorboard_shows_is_as_narrow_as_its_cards(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    written = report(made, out)
    lines = written.answer_markdown.splitlines()
    heading = next(line for line in lines if line.startswith("| arm "))
    assert heading == "| arm | verdict | test accuracy, mean | effect (points) | 95% interval | n |"
    # The mean of 0.60, 0.61 and 0.62, and every difference 0.1: an interval of no width.
    assert any(line.endswith("| 61.00% | +10.00 | +10.00 to +10.00 | 3 |") for line in lines)
    assert written.answer_markdown == answer_markdown(infer(collect(made.runs, "activations")))
    widths = {int.from_bytes(png[16:20], "big") for png in written.figures.values()}
    assert max(widths) < 600
    assert list(written.figures) == list(FIGURES)


def test_a_factorial_study_is_answered_by_its_factors(factorial_study: Any, out: Path) -> None:
    made = factorial_study(margin=0.01)
    written = report(made, out)
    first = written.answer[0]
    assert first.startswith("Averaged over the other factors, better: activation elu (against")
    depends = "Depends on the other factors: batch_size 64 (against 32), from "
    assert written.answer[1].startswith(depends)  # it helps ELU alone: its mean speaks for no cell
    assert "Together better than the sum of both: activation elu × batch_size 64" in (
        written.markdown
    )
    assert "| activation relu × batch_size 64 | interaction | " in written.markdown
    assert "corrected by step-down max-T for 5 comparisons" in written.markdown


def test_pngs_are_pictures_without_a_date(synthetic: Any, out: Path) -> None:
    from matplotlib.image import imread

    made = synthetic()
    fill(made)
    report(made, out)
    for path in (out / "activations" / "figures").glob("*.png"):
        picture = imread(path)
        assert min(picture.shape[:2]) > 100  # of one row
        assert picture[..., :3].std() > 0.01  # something is drawn
        assert not re.search(rb"tEXt|tIME|matplotlib", path.read_bytes())


def test_what_is_left_out_is_said_at_the_top_and_in_full(synthetic: Any, out: Path) -> None:
    made = synthetic(("sigmoid", "elu"), 6)
    for seed in range(6):
        made.add("sigmoid", seed, accuracy=0.5 + seed / 100)
    made.add("elu", 0, accuracy=0.8)
    made.add("elu", 1, fingerprint="old")
    made.add("elu", 2, status="failed", reason="No space left on device")
    made.add("gone", 0)
    written = report(made, out)
    (notice,) = written.notices
    for words in ("3 runs missing", "1 run stale", "1 run failed", "no longer in the study"):
        assert words in notice
    top, _, rest = written.markdown.partition("## Verdicts")
    assert notice in top
    assert "failed: elu seed 2: No space left on device" in written.left_out
    assert "missing: elu seed 3–5: not run" in written.left_out
    section = rest.partition("## Left out")[2]
    assert "| missing | elu | 3–5 | not run |" in section
    assert "| failed | elu | 2 | No space left on device |" in section
    assert "| removed | gone | 0 | the study has no such arm |" in section
    assert notice in (out / "README.md").read_text()


def test_the_shell_gives_the_answer_and_names_what_is_left_out(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    (made.add("elu", 1) / "result.json").write_text('{"schema": 1, "st')
    (made.add("elu", 2) / "result.json").write_text('{"schema": 99}')
    made.add("gone", 0)
    words = ["report", "activations", "--runs", str(made.runs), "--out", str(out)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0
    assert "activations: No verdicts: with 1 paired seed" in done.stdout
    for line in (
        "unreadable: elu seed 1: not readable: ",
        "unreadable: elu seed 2: format version 99; wants 1",
        "removed: gone seed 0: the study has no such arm",
    ):
        assert f"activations: {line}" in done.stderr
        assert line.split(": ")[-1] in (out / "activations" / "report.md").read_text()


def test_csv_has_a_line_for_every_result_found(synthetic: Any, out: Path) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    made.add("elu", 0, accuracy=0.25, seconds={"compile": 1.0, "train": 2.5, "total": 4.0})
    made.add("elu", 1, status="diverged", accuracy=None, reason="loss is nan\nat update 3")
    made.add("elu", 2, fingerprint="old")
    made.add("sigmoid", 0, status="failed", reason="killed")
    (made.add("sigmoid", 1) / "result.json").write_text("{")
    made.add("gone", 7)
    report(made, out)
    text = (out / "activations" / "results.csv").read_text()
    assert "\r" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    found = [(row["arm"], row["seed"], row["status"], row["stale"]) for row in rows]
    assert found == [
        ("sigmoid", "0", "failed", "false"),
        ("sigmoid", "1", "unreadable", ""),
        ("elu", "0", "completed", "false"),
        ("elu", "1", "diverged", "false"),
        ("elu", "2", "completed", "true"),
        ("gone", "7", "completed", "true"),
    ]
    first = rows[2]
    assert (first["test_accuracy"], first["train_seconds"]) == ("0.25", "2.5")
    assert (first["seconds_compile"], first["seconds_total"]) == ("1.0", "4.0")
    assert set(METRICS) <= set(first)
    assert rows[3]["reason"] == "loss is nan\nat update 3"


def test_verdicts_csv_has_a_line_for_every_arm_in_the_metrics_unit(
    synthetic: Any, out: Path
) -> None:
    scored = {"test_accuracy": 0.1}
    made = synthetic(("sigmoid", "elu", "tanh", "relu"), 8, if_diverged=scored)
    for seed in range(8):
        made.add("sigmoid", seed, accuracy=0.5 + 0.001 * seed)
        made.add("elu", seed, accuracy=0.6 + 0.0012 * seed)
        made.add("tanh", seed, accuracy=None, status="diverged")
    report(made, out)
    lines = (out / "activations" / "verdicts.csv").read_text().splitlines()
    assert lines[0] == (
        "arm,verdict,flag,n,effect,low,high,low_all,high_all,p,p_corrected,"
        "probability_of_improvement,may_be_best,replicates"
    )
    control, elu, tanh, relu = csv.DictReader(lines)
    assert set(control.values()) == {"sigmoid", "control", "", "no", "paired"}
    assert (elu["verdict"], elu["flag"], elu["n"], elu["may_be_best"]) == ("better", "", "8", "yes")
    assert float(elu["effect"]) == pytest.approx(0.1007)
    ends = [float(elu[name]) for name in ("low_all", "low", "effect", "high", "high_all")]
    assert ends == sorted(ends)
    assert (float(elu["p"]), float(elu["probability_of_improvement"])) == (2 / 256, 1.0)
    assert (tanh["verdict"], tanh["flag"]) == ("worse", "unstable")
    assert float(tanh["effect"]) == pytest.approx(0.1 - 0.5035)
    assert (relu["verdict"], relu["n"], relu["effect"], relu["p"]) == ("none", "0", "", "")


def test_curves_csv_has_a_line_for_every_arm_metric_and_epoch(synthetic: Any, out: Path) -> None:
    made = synthetic(("sigmoid", "elu", "tanh"), 3)
    scores = {0: [0.5, 0.6], 1: [0.5, 0.7], 2: [0.8, 0.9]}
    for seed, curve in scores.items():
        made.add("sigmoid", seed, curve=curve)
    made.add("elu", 0, curve=[0.25, 0.5])
    made.add("elu", 1, accuracy=None, curve=[0.9, 0.9], status="diverged")
    report(made, out)
    path = out / "activations" / "curves.csv"
    text = path.read_text()
    report(made, out)
    assert path.read_text() == text
    assert text.splitlines()[0] == "arm,metric,epoch,n,mean,low,high"
    rows = {
        (row["arm"], row["metric"], row["epoch"]): row for row in csv.DictReader(io.StringIO(text))
    }
    assert len(rows) == len(text.splitlines()) - 1
    assert list(dict.fromkeys(arm for arm, *_ in rows)) == ["sigmoid", "elu"]
    for position, epoch in enumerate(("1", "2")):
        sample = [curve[position] for curve in scores.values()]
        row = rows["sigmoid", "validation_accuracy", epoch]
        low, high = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
        assert row["n"] == "3"
        assert float(row["mean"]) == pytest.approx(sum(sample) / 3)
        assert (float(row["low"]), float(row["high"])) == pytest.approx((low, high))
    alone = rows["elu", "validation_accuracy", "2"]  # the run that diverged is in no curve
    assert (alone["n"], alone["mean"], alone["low"], alone["high"]) == ("1", "0.5", "", "")


@pytest.mark.parametrize("case", ["nothing", "diverged", "no control", "one seed", "control only"])
def test_poor_studies_still_get_an_honest_page(synthetic: Any, out: Path, case: str) -> None:
    made = synthetic(("sigmoid", "elu"), 1 if case == "one seed" else 2)
    if case == "diverged":
        for arm in made.study.arm_names:
            for seed in range(2):
                made.add(arm, seed, accuracy=None, curve=[None], status="diverged", reason="nan")
    elif case == "control only":
        made.add("sigmoid", 0)
    elif case != "nothing":
        for seed in made.study.seeds:
            made.add("elu", seed, curve=[0.5])
        if case == "one seed":
            made.add("sigmoid", 0)
    written = report(made, out)
    shown = {
        "nothing": "No run of this study has a result",
        "diverged": "Every run that counts diverged (4 runs)",
        "no control": "the control, sigmoid, has no run with test accuracy",
        "one seed": "with 1 paired seed no difference can be told from chance",
        "control only": "no other arm has a run that counts",
    }[case]
    page = Text(written.page.read_text()).text
    assert shown in written.markdown
    assert shown in page
    figures = list((out / "activations" / "figures").glob("*.svg"))
    assert bool(figures) == (case not in ("nothing", "diverged"))
    assert not re.search(r"\b(nan%|NaN|None|inf)\b", written.markdown + page)


def test_many_arms_are_small_multiples_with_the_control_in_each(synthetic: Any, out: Path) -> None:
    made = synthetic([f"arm-{number}" for number in range(9)], 2)
    fill(made)
    report(made, out)
    svg = (out / "activations" / "figures" / "train_loss_per_epoch.svg").read_text()
    assert len(re.findall(r">arm-[1-8]</text>", svg)) == 8
    dashed = re.findall(r"stroke-dasharray: (?!none)[^;]+; [^\"]*stroke: #000000", svg)
    assert len(dashed) >= 8


def test_a_copied_directory_is_said_to_be_one(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    (made.runs / "activations").rename(made.runs / "backup")
    (written,) = write_reports(made.runs, out, [])
    assert written.study == "backup"
    assert 'The directory "backup" holds the record of "activations".' in written.notices
    assert "61.00%" in written.markdown


def test_overrides_and_environment_are_told(synthetic: Any, out: Path) -> None:
    overrides = {"training.epochs": 3, "data.train_examples": None, "training.note": "a b"}
    made = synthetic(("sigmoid", "elu"), [3, 5], overrides=overrides)
    fill(made)
    made.add("elu", 5, environment={"device": "gpu", "threads": 1})
    written = report(made, out)
    text = written.markdown
    told = [notice for notice in written.notices if "different devices" in notice]
    assert told[0].startswith("Computed on different devices (cpu: 3 runs, gpu: 1 run), which")
    assert "| device | cpu (3 runs); gpu (1 run) |" in text
    assert "| threads | 1 |" in text
    command = next(line for line in text.splitlines() if line.startswith("ablations run"))
    assert "--seed 3 --seed 5 --set training.epochs=3 --set data.train_examples=null" in command
    assert "--set 'training.note=a b'" in command


def test_an_arm_that_copies_the_control_is_said_to(synthetic: Any, out: Path) -> None:
    made = synthetic()
    twin = made.study.arm("sigmoid").model_copy(update={"name": "twin"})
    made.study = made.study.model_copy(update={"arms": (*made.study.arms, twin)})
    made.write_record()
    fill(made)
    text = report(made, out).markdown
    assert "| twin | nothing: a copy of the control |" in text
    assert "| elu | model.activation.name | sigmoid | elu |" in text


def test_nothing_to_report_is_one_clear_line(tmp_path: Path, out: Path) -> None:
    with pytest.raises(AblationsError, match="no study was run here") as error:
        write_reports(tmp_path / "runs", out, [])
    assert "\n" not in str(error.value)
    assert not out.exists()


def test_an_unknown_study_writes_nothing(synthetic: Any, out: Path) -> None:
    made = synthetic()
    fill(made)
    with pytest.raises(AblationsError, match='no study "activation"'):
        write_reports(made.runs, out, ["activations", "activation"])
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_one_clear_line(synthetic: Any, out: Path) -> None:
    made = synthetic()
    out.write_text("a file")
    with pytest.raises(AblationsError, match="wants a directory that can be written"):
        report(made, out)


@pytest.mark.parametrize("loss", [3.4e38, 0.0, -5.0, 1e-30])
@pytest.mark.parametrize("arms", [2, 8])
def test_extreme_numbers_are_drawn_without_a_warning(
    synthetic: Any, out: Path, loss: float, arms: int
) -> None:
    made = synthetic([f"arm-{number}" for number in range(arms)], 2, metric="test_loss")
    for arm in made.study.arm_names:
        for seed in range(2):
            curve = [1 - loss * (seed + 1) / 2, 1 - loss, 1 - loss]
            made.add(arm, seed, curve=curve, metrics={"test_loss": loss})
    text = report(made, out).markdown
    assert "| arm-1 |" in text
    assert len(list((out / "activations" / "figures").glob("*.svg"))) == 6


def test_an_arm_without_a_run_is_not_called_worse_than_the_best(synthetic: Any, out: Path) -> None:
    made = synthetic(("sigmoid", "elu", "tanh"), 6)
    for seed in range(6):
        made.add("sigmoid", seed, accuracy=0.5 + seed / 100)
        made.add("elu", seed, accuracy=0.9 + seed / 1000)
    verdicts = report(made, out).markdown.partition("## Verdicts")[2].partition("\n## ")[0]
    rows = {line.split(" | ")[0]: line.split(" | ") for line in verdicts.splitlines()}
    assert rows["| tanh"][2] == "–"
    assert rows["| elu"][2] == "yes"


def test_the_overview_holds_a_report_that_is_written_meanwhile(
    synthetic: Any, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that listed the reports first and wrote last left the other's out."""
    made = synthetic()
    fill(made)
    report(made, out)
    other, real = out / "another", report_module.render_overview

    def late(*given: Any) -> str:
        monkeypatch.setattr(report_module, "render_overview", real)
        shutil.copytree(out / made.study.study, other)
        return real(*given)

    monkeypatch.setattr(report_module, "render_overview", late)
    report(made, out)
    for name in ("index.html", "README.md"):
        assert "another/" in (out / name).read_text()
