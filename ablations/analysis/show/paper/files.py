"""The files of a paper, and the options that ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.whole import Whole
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.printed import pdf
from ablations.analysis.show.paper.caption import caption
from ablations.analysis.show.paper.columns import DEFAULT, columns_of
from ablations.analysis.show.paper.macros import numbers_of, ranks_of
from ablations.analysis.show.paper.matrix import matrix_caption, paper_matrix
from ablations.analysis.show.paper.table import PaperTable, paper_table, tabular
from ablations.analysis.show.paper.words import words
from ablations.analysis.show.render import render_paper

WIDTH = 3.35
"""Inches of a column where a page has two."""
LEAST_WIDTH, MOST_WIDTH = 2, 12
WIDEST_COLUMN = 3.6
BETWEEN_COLUMNS, PAGE = 0.25, 8.5


@dataclass(frozen=True)
class Paper:
    """What is wanted for a paper."""

    columns: tuple[str, ...] = DEFAULT
    """Of the table; the arm is always the first."""
    width: float = WIDTH
    """Inches of the paper's column."""


@dataclass(frozen=True)
class PaperFiles:
    """What is to be written for a paper."""

    contents: Mapping[str, str | bytes]
    """Path below the folder → content."""
    notices: tuple[str, ...]
    """What the writer of the paper should know."""


def check_columns(inferences: Iterable[Inference], paper: Paper) -> None:
    """Find out whether studies have the columns that are wanted.

    Raises:
        AblationsError: one lacks one; names the nearest.
    """
    for inference in inferences:
        columns_of(inference, paper.columns)


def paper_files(inference: Inference, figures: Sequence[Figure], paper: Paper) -> PaperFiles:
    """Return the files for a paper on one study; the same runs give the same bytes."""
    columns = columns_of(inference, paper.columns)
    table = paper_table(inference, columns, paper.width)
    text = caption(inference, [column.name for column in columns])
    numbers = numbers_of([inference])
    return _files(inference, inference.study, numbers, table, text, figures, paper)


def whole_paper_files(whole: Whole, figures: Sequence[Figure], paper: Paper) -> PaperFiles:
    """Return the files for a paper on all parts of a study, with the numbers of each.

    The columns of its table are the parts, whatever ``paper`` says.
    """
    table, text = paper_matrix(whole, paper.width), matrix_caption(whole)
    numbers = {**numbers_of(whole.parts.values()), **ranks_of(whole)}
    return _files(whole.first, whole.study, numbers, table, text, figures, paper)


def _files(
    shown: Inference,
    study: str,
    numbers: Mapping[str, str],
    table: PaperTable,
    text: str,
    figures: Sequence[Figure],
    paper: Paper,
) -> PaperFiles:
    """Return all files; the example speaks of the study ``shown``."""
    cells, too_wide = tabular(table), table.inches > paper.width
    environment = "table*" if too_wide else "table"
    two_columns = paper.width <= WIDEST_COLUMN
    text_width = 2 * paper.width + BETWEEN_COLUMNS if two_columns else paper.width
    contents: dict[str, str | bytes] = {
        "numbers.tex": render_paper("numbers.tex", study=study, numbers=numbers),
        "tabular.tex": f"{cells}\n",
        "table.tex": render_paper(
            "table.tex", study=study, caption=text, tabular=cells, environment=environment
        ),
        "example.tex": render_paper(
            "example.tex",
            two_columns=two_columns,
            text_width=f"{text_width:.2f}",
            margin=f"{(PAGE - text_width) / 2 - 1:.2f}",
            example=_example(shown, study),
            figures={each.name: words(f"{each.title}. {each.caption}") for each in figures},
        ),
        **{f"figures/{figure.name}.pdf": pdf(figure, paper.width) for figure in figures},
    }
    wide = (
        f"paper/table.tex is about {table.inches:.1f} inches wide and the column {paper.width:g}, "
        "so it spans the page (table*); fewer --columns would fit"
    )
    return PaperFiles(contents, (wide,) if too_wide else ())


def _example(inference: Inference, whole: str) -> str:
    """Return a paragraph that shows how the numbers get into a text."""
    study = inference.study

    def number(key: str) -> str:
        return rf"\ablations{{{study}/{key}}}"

    text = (
        f"Over {number('n')} seeds, the control, {number('control')}, reaches a {number('metric')} "
        f"of {number(f'{inference.control}/mean')}{number('unit')}."
    )
    for arm in inference.other_arms()[:1]:
        text += (
            f" {words(arm.arm)} differs by {number(f'{arm.arm}/effect')} "
            f"{number('effect_unit')} (95\\% interval {number(f'{arm.arm}/interval')}, "
            f"{number(f'{arm.arm}/p_corrected_equation')})."
        )
    return rf"{text} Table~\ref{{tab:{whole}}} shows all arms."
