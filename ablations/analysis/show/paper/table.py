"""The table of a paper: booktabs, no wider than a column where its numbers allow."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence, Set
from dataclasses import dataclass

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.paper.columns import ARM, MEAN, Cells, PaperColumn
from ablations.analysis.show.paper.numerals import NOTHING
from ablations.analysis.show.paper.words import words

SIZE = 8
"""Points: ``\\footnotesize`` of a text in ten."""
POINTS_PER_INCH = 72.27
GAP = 6
"""Points between two columns: twice ``\\tabcolsep``."""
LEAST_NAME = 50
"""Points that the arms' names may be squeezed into; a table without so many spans the page."""
HEADING = 13
"""The most characters of a heading in a line."""
FEWER = r"\ensuremath{^{\dagger}}"
"""Marks an arm that has fewer completed runs than the study has seeds."""

SYMBOLS = {"p": "$p$", "raw p": "raw $p$", "n": "$n$"}
BREAK = r"\\"
RAISED_ASIDE = re.compile(r"\\rlap\{.*\}")
"""A mark that takes no room."""

_EM = {**dict.fromkeys(".,:;|!()[]'il/", 0.32), **dict.fromkeys("+-<=±MWmw%", 0.85)}


@dataclass(frozen=True)
class PaperTable:
    """A table as LaTeX."""

    form: str
    """The argument of ``tabular``."""
    head: tuple[str, ...]
    """Its cells, ``\\multicolumn`` where one heads two."""
    control: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Of the other arms."""
    inches: float
    """About how wide it is."""


def paper_table(inference: Inference, columns: Sequence[PaperColumn], width: float) -> PaperTable:
    """Return the table of a study's ``columns``; see ``table_of``."""
    fewer = {arm.arm for arm in inference.arms if has_fewer(arm, inference)}
    return table_of(inference.arms, columns, width, best_to_mark(inference), fewer)


def table_of(
    of_arms: Sequence[ArmSummary],
    columns: Sequence[PaperColumn],
    width: float,
    best: Set[str] = frozenset(),
    fewer: Set[str] = frozenset(),
) -> PaperTable:
    """Return a row for each arm, its name broken where ``width`` inches leave no room for it.

    The arms that may be the ``best`` are bold: their mean, or their name where there is none; those
    that have ``fewer`` runs than others are marked.
    """
    arms = sorted(of_arms, key=lambda arm: not arm.is_control)
    cells = {arm.arm: [column.cells(arm) for column in columns] for arm in arms}
    numbers = sum(map(_points, columns, zip(*cells.values(), strict=True)))
    names = {arm.arm: words(arm.arm) + FEWER * (arm.arm in fewer) for arm in arms}
    longest = max((_length(name) for name in names.values()), default=0)
    room = width * POINTS_PER_INCH - numbers
    fits = longest <= room or room < LEAST_NAME
    bold = MEAN if any(column.name == MEAN for column in columns) else ARM
    rows = tuple(
        _row(arm, names[arm.arm], cells[arm.arm], columns, bold if arm.arm in best else "", fits)
        for arm in arms
    )
    first = "l" if fits else f"p{{{room:.0f}pt}}"
    is_first = bool(arms) and arms[0].is_control
    return PaperTable(
        f"@{{}}{first}{''.join(column.form for column in columns)}@{{}}",
        ("", *map(_heading, columns)),
        rows[0] if is_first else (),
        rows[is_first:],
        ((longest if fits else room) + numbers) / POINTS_PER_INCH,
    )


def tabular(table: PaperTable) -> str:
    """Return the ``tabular`` of a table, the control set apart from the arms."""
    groups = [[table.head], [table.control] if table.control else [], list(table.rows)]
    rules = (r"\toprule", r"\midrule", r"\midrule")
    lines = [rf"\begin{{tabular}}{{{table.form}}}"]
    for rule, group in zip(rules, groups, strict=True):
        lines += [rule, *(f"{' & '.join(row)} {BREAK}" for row in group)] if group else []
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def best_to_mark(inference: Inference) -> set[str]:
    """Return the arms that may be the best; nothing where they are all that have runs."""
    counted = {arm.arm for arm in inference.arms if arm.divergence.runs}
    best = {arm.arm for arm in inference.arms if arm.may_be_best} & counted
    return best if best < counted else set()


def has_fewer(arm: ArmSummary, inference: Inference) -> bool:
    """Whether an arm's mean is over fewer runs than the study has seeds.

    Of independent runs, than the arm with the most has.
    """
    return arm.score.n < most_runs(inference)


def most_runs(inference: Inference) -> int:
    """Return how many runs an arm has where it lacks none."""
    if inference.replicates == "paired":
        return len(inference.seeds)
    return max((arm.divergence.runs for arm in inference.arms), default=0)


def _row(
    arm: ArmSummary,
    name: str,
    cells: Sequence[Cells | None],
    columns: Sequence[PaperColumn],
    bold: str,
    fits: bool,
) -> tuple[str, ...]:
    """Return the cells of an arm, those of the column ``bold`` in bold."""
    name = rf"\textbf{{{name}}}" if bold == ARM else name
    if not fits:
        breakable = re.sub(r"(\\_|[-.])", r"\1\\allowbreak{}", name)
        name = rf"\raggedright\hangindent=1em {breakable}"
    shown = [name]
    for column, cell in zip(columns, cells, strict=True):
        if cell is None:
            shown.append(_spanning(column, NOTHING))
        elif column.name == bold:
            shown += [rf"\textbf{{{cell[0]}}}", *cell[1:]]
        else:
            shown += cell
    return tuple(shown)


def _spanning(column: PaperColumn, text: str) -> str:
    """Return a cell over all cells of a column."""
    return text if "@" not in column.form else rf"\multicolumn{{2}}{{c}}{{{text}}}"


def _heading(column: PaperColumn) -> str:
    lines = [SYMBOLS.get(line) or words(line) for line in _wrapped(column.heading)]
    stack = rf"\shortstack[{column.form[0]}]{{{BREAK.join(lines)}}}"
    return _spanning(column, lines[0] if len(lines) == 1 else stack)


def _points(column: PaperColumn, cells: Sequence[Cells | None]) -> float:
    """Return about how wide a column is, the gap before it included."""
    heading = max(map(_length, map(words, _wrapped(column.heading))))
    shown = [cell for cell in cells if cell is not None]
    parts = [max(map(_length, part)) for part in zip(*shown, strict=True)]
    between = _length(", ") if column.form.count("@{, }") else 0
    return GAP + max(heading, sum(parts) + between)


def _wrapped(heading: str) -> list[str]:
    return textwrap.wrap(heading, HEADING, break_long_words=False) or [""]


def _length(latex: str) -> float:
    """Return about how many points a cell is wide; what is raised or lowered is smaller."""
    plain = re.sub(RAISED_ASIDE, "", latex)
    plain = re.sub(r"\\(ensuremath|text[a-z]+)", "", plain).replace(r"\pm", "±")
    small = sum(map(_characters, re.findall(r"[_^]\{([^$]*)\}", plain)))
    rest = re.sub(r"[_^]\{[^$]*\}", "", plain.replace(r"\_", "-"))
    return SIZE * (_characters(rest) + 0.75 * small)


def _characters(text: str) -> float:
    return sum(_EM.get(c, 0.54) for c in re.sub(r"[\\${}]|allowbreak", "", text))
