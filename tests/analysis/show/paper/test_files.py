"""What ``report --paper`` writes: the same bytes each time, figures of a column's width."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.figures.printed import STROKES
from ablations.analysis.show.paper.files import Paper, paper_files
from ablations.analysis.show.report import StudyReport, write_reports
from ablations.errors import AblationsError
from tests.support import latex
from tests.support.synthetic_runs import SyntheticStudy, make_parts, make_study

ARMS = ("he_normal", "batch_norm-after_dense_25", "elu")
POINTS = 72
PAPER = Paper()


def files(directory: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


def fill(made: SyntheticStudy, epochs: int = 1) -> None:
    """Write runs; with one epoch there are no learning curves to draw."""
    made.write_record()
    draw = np.random.default_rng(6)
    for position, arm in enumerate(made.study.arm_names):
        for seed in made.study.seeds:
            curve = (0.5 + draw.random(epochs).cumsum() / 20).tolist()
            made.add(arm, seed, 0.7 + 0.05 * position + float(draw.normal(0, 0.01)), curve=curve)


def report(place: Path, *names: str, paper: Paper | None = PAPER) -> list[StudyReport]:
    return write_reports(place / "runs", place / "out", names, paper)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a study was reported with its paper."""
    place = tmp_path_factory.mktemp("paper")
    fill(SyntheticStudy(place / "runs", make_study(ARMS, 8, margin=0.01)), epochs=4)
    (written,) = report(place, "activations")
    assert written.notices == ()
    return place


def test_all_is_written_beside_the_report_and_compiles(place: Path) -> None:
    paper = place / "out/activations/paper"
    names = {path.stem for path in (place / "out/activations/figures").glob("*.png")}
    assert len(names) == 5
    assert set(files(paper)) == {
        *("numbers.tex", "table.tex", "tabular.tex", "example.tex"),
        *(f"figures/{name}.pdf" for name in names),
    }
    texts = {path.name: path.read_text() for path in paper.glob("*.tex")}
    for text in texts.values():
        latex.check(text)
    table = texts["table.tex"]
    assert latex.tabular(table) == latex.tabular(texts["tabular.tex"])
    assert r"\begin{table}[t]" in table
    assert r"\label{tab:activations}" in table
    example = texts["example.tex"]
    keys = re.findall(r"\\ablations\{(.*?)\}", example)
    assert len(keys) > 5
    assert set(keys) <= latex.numbers(texts["numbers.tex"]).keys()
    shown = re.findall(r"\\includegraphics\{figures/(.*?)\.pdf\}", example)
    assert set(shown) == names
    for caption in re.findall(r"\\caption\{(.*)\}", example):
        latex.check_words(caption)


def test_it_compiles_where_there_is_latex_and_fits_its_column(place: Path, tmp_path: Path) -> None:
    paper = place / "out/activations/paper"
    for name, content in files(paper).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    if latex.PDFLATEX:
        assert "Overfull" not in latex.compiled(tmp_path)
        (tmp_path / "wrong.tex").write_text(
            "\\documentclass{article}\\begin{document}\\input{numbers}"
            "\\ablations{activations/gone}\\end{document}"
        )
        with pytest.raises(AssertionError, match="There is no number activations/gone"):
            latex.compiled(tmp_path, "wrong.tex")


def test_figures_are_as_wide_as_the_column_in_embedded_type_of_a_legible_size(place: Path) -> None:
    for path in (place / "out/activations/paper/figures").glob("*.pdf"):
        pdf = path.read_bytes()
        (box,) = re.findall(rb"/MediaBox \[ *([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) *\]", pdf)
        left, bottom, right, top = map(float, box)
        assert right - left == pytest.approx(3.35 * POINTS, abs=0.1)
        assert 0.5 * POINTS < top - bottom < 9 * POINTS
        assert b"/FontFile2" in pdf
        assert b"/Type3" not in pdf
        for dated in (b"CreationDate", b"ModDate", b"Producer"):
            assert dated not in pdf
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
        drawn = b"".join(zlib.decompress(each) for each in streams if each[:1] == b"x")
        sizes = {float(size) for size in re.findall(rb"/F\S+ ([\d.]+) Tf", drawn)}
        assert sizes
        assert 7 <= min(sizes) <= max(sizes) <= 8


def test_lines_are_told_apart_without_colours() -> None:
    assert len({stroke.marker for stroke in STROKES}) == len(STROKES)
    assert len({stroke.dash for stroke in STROKES}) == len(STROKES)


def test_the_same_runs_give_the_same_bytes_and_the_report_does_not_change(tmp_path: Path) -> None:
    fill(SyntheticStudy(tmp_path / "runs", make_study(ARMS, 8)))
    report(tmp_path, "activations", paper=None)
    ordinary = files(tmp_path / "out")
    (written,) = report(tmp_path, "activations")
    first = files(tmp_path / "out")
    assert written.notices == ()
    assert {name: data for name, data in first.items() if "/paper/" not in name} == ordinary
    (tmp_path / "out/activations/paper/figures/old.pdf").write_text("%PDF")
    report(tmp_path, "activations")
    assert files(tmp_path / "out") == first
    (plain,) = report(tmp_path, "activations", paper=None)
    assert files(tmp_path / "out") == first
    (notice,) = plain.notices
    assert notice.endswith("activations/paper is of an earlier report; --paper writes it again")


def test_a_table_that_no_column_holds_spans_the_page_and_it_is_said(place: Path) -> None:
    inference = infer(collect(place / "runs", "activations"))
    columns = ("mean", "effect", "interval", "interval_all", "p", "p_corrected", "verdict")
    made = paper_files(inference, (), Paper(columns))
    (notice,) = made.notices
    assert re.match(r"paper/table.tex is about \d.\d inches wide and the column 3.35, so", notice)
    text = str(made.contents["table.tex"])
    assert r"\begin{table*}[t]" in text
    assert latex.tabular(text).columns == "lrlrrrrrrrl"
    assert paper_files(inference, (), Paper(columns, width=7)).notices == ()


def test_an_unknown_column_writes_nothing(place: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(place / "runs")
    with pytest.raises(AblationsError, match='no column "maen"; did you mean "mean"'):
        report(tmp_path, "activations", paper=Paper(("maen",)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", ["nothing", "diverged", "no control", "one seed"])
def test_a_poor_study_has_files_that_say_what_they_can(tmp_path: Path, case: str) -> None:
    made = SyntheticStudy(tmp_path / "runs", make_study(ARMS, 2))
    made.write_record()
    for arm in ARMS if case != "nothing" else ():
        for seed in range(1 if case == "one seed" else 2):
            if case == "diverged":
                made.add(arm, seed, accuracy=None, status="diverged", reason="nan")
            elif (case, arm) != ("no control", "he_normal"):
                made.add(arm, seed)
    written = paper_files(infer(collect(tmp_path / "runs", "activations")), (), PAPER).contents
    for text in map(str, written.values()):
        latex.check(text)
        assert not re.search(r"\b(nan|None|inf)\b", text)
    keys = set(re.findall(r"\\ablations\{(.*?)\}", str(written["example.tex"])))
    assert keys <= latex.numbers(str(written["numbers.tex"])).keys()
    assert "Bold" not in str(written["table.tex"])


def test_several_parts_are_a_matrix_and_all_their_numbers_one_file(tmp_path: Path) -> None:
    parts = make_parts("tasks", ("sigmoid", "elu", "tanh"), 8, ("mnist", "fashion_mnist"))
    for part in parts:
        fill(SyntheticStudy(tmp_path / "runs", part))
    report(tmp_path, parts[0].study)
    paper = tmp_path / "out/tasks/paper"
    table = latex.tabular((paper / "table.tex").read_text())
    numbers = latex.numbers((paper / "numbers.tex").read_text())
    assert [latex.visible(cell) for cell in table.rows[0][1:]] == [
        "mnist", "fashion_mnist", "mean rank",
    ]  # fmt: skip
    for place, label in enumerate(("mnist", "fashion_mnist")):
        stem = f"tasks+data.name={label}"
        assert table.body["sigmoid"][place] == numbers[f"{stem}/sigmoid/mean"]
        effect = numbers[f"{stem}/elu/effect"]
        assert table.body["elu"][place].startswith(effect)
        own = latex.numbers((tmp_path / f"out/{stem}/paper/numbers.tex").read_text())
        assert own == {key: text for key, text in numbers.items() if key.startswith(stem)}
    caption = (paper / "table.tex").read_text()
    assert (
        "from the control, sigmoid, over 8 seeds on 2 data sets; first row: the control's"
        in caption
    )
    assert "for 2 comparisons, each column for its own arms and for no other column" in caption
    assert table.body["tanh"][2] == numbers["tasks/tanh/mean_rank"] == "1.00"
    assert [path.name for path in (paper / "figures").iterdir()] == ["mean_ranks.pdf"]
    for path in paper.glob("*.tex"):
        latex.check(path.read_text())
