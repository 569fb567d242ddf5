"""The page of a study over several data sets: the matrix of verdicts, and the mean ranks."""

from __future__ import annotations

from collections.abc import Iterator

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.ranks import MeanRanks
from ablations.analysis.infer.whole import Whole
from ablations.analysis.show import formats
from ablations.analysis.show.answer import answer
from ablations.analysis.show.blocks import (
    Cell,
    Column,
    PageLink,
    Pages,
    Section,
    Table,
    notes,
    number_columns,
)
from ablations.analysis.show.cautions import so_far
from ablations.analysis.show.comparisons import (
    SORT_ORDER,
    arm_cell,
    decimals,
    mean_decimals,
    sample_size,
    verdict_words,
)
from ablations.analysis.show.fairness import fairness_label
from ablations.analysis.show.figures.ranks import mean_ranks_figure
from ablations.analysis.show.page import Notice, Page, paragraphs
from ablations.analysis.show.sections.claims import claim_lines

FILES = {
    "verdicts.csv": "One line per arm and part",
    "results.tex": "The matrix for LaTeX",
    "report.md": "As Markdown",
}
MOST_NAMES = 6
BOTH = ("better", "worse")


def build_whole_page(whole: Whole) -> Page:
    """Return the content of the report of a study's parts together."""
    first = whole.first
    return Page(
        study=whole.study,
        question=" ".join(first.question.split()),
        runs=_runs(whole),
        fairness=formats.listed(sorted(set(map(fairness_label, whole.parts.values()))), 3),
        answer=tuple(_answer(whole)),
        notices=tuple(map(Notice, _notices(whole))),
        description=paragraphs(first.description),
        sections=(_verdicts(whole), *_ranks(whole), _parts(whole)),
        files=FILES,
        claims=tuple(line for part in whole.parts.values() for line in claim_lines(part)),
    )


def parts_noun(whole: Whole) -> str:
    """Return how many parts of what kind there are: ``3 data sets``."""
    return _counted(whole, len(whole.parts))


def _noun(path: str, count: int = 1) -> str:
    """Return what a part is, in the singular or the plural."""
    ending = "" if count == 1 else "s"
    return f"data set{ending}" if path == "data.name" else f"value{ending} of {path}"


def _counted(whole: Whole, count: int) -> str:
    return f"{count} {_noun(whole.path, count)}"


def _runs(whole: Whole) -> str:
    parts = whole.parts.values()
    seeds = sample_size(max(parts, key=lambda part: len(part.seeds)))
    counted = formats.plural(sum(part.runs.counted for part in parts), "run")
    arms, over = formats.plural(len(whole.first.arms), "arm"), _counted(whole, len(parts))
    text = f"{arms}, {over}, {seeds} each; {counted} in the report"
    diverged = sum(part.runs.diverged for part in parts)
    return f"{text}, {diverged} of them diverged" if diverged else text


def _notices(whole: Whole) -> Iterator[str]:
    if whole.missing:
        yield f"Never run, and not counted: {formats.listed(whole.missing, MOST_NAMES)}."
    if whole.differing:
        yield (
            "Run with other arms, control, metric or margin, so not compared with the others "
            f"here: {formats.listed(whole.differing, MOST_NAMES)}."
        )


def _answer(whole: Whole) -> Iterator[str]:
    """Say of which arms all parts say the same, which depend on the part, and who ranks first."""
    yield from so_far(tuple(whole.parts.values()))
    found = {arm.arm: _by_verdict(whole, arm.arm) for arm in whole.first.other_arms()}
    over = f"{_counted(whole, len(whole.parts))} ({formats.listed(list(whole.parts), MOST_NAMES)})"
    control, metric = whole.first.control, whole.first.answering_metric().label
    compared = f"than the control, {control}, in {metric} on all of {over}"
    better, worse = (
        formats.listed(names, MOST_NAMES) if names else ""
        for names in ([a for a, by in found.items() if list(by) == [v]] for v in BOTH)
    )
    if better:
        yield f"Better {compared}: {better}."
    elif not worse:
        yield f"No arm is better or worse {compared}."
    if worse:
        yield f"Worse{' on all' if better else f' {compared}'}: {worse}."
    depends = [arm for arm, by in found.items() if set(BOTH) <= set(by)]
    if depends:
        named = [f"{arm} ({_where(found[arm])})" for arm in depends]
        yield f"It depends for {formats.listed(named, MOST_NAMES)}."
    for verdict in BOTH:
        some = [
            f"{arm} ({formats.listed(by[verdict], MOST_NAMES)})"
            for arm, by in found.items()
            if verdict in by and len(by) > 1 and arm not in depends
        ]
        if some:
            yield f"{verdict.capitalize()} on some: {formats.listed(some, MOST_NAMES)}."
    if whole.ranks:
        yield _first_by_rank(whole, whole.ranks)


def _by_verdict(whole: Whole, arm: str) -> dict[str, list[str]]:
    """Return verdict → labels of the parts that give it."""
    found: dict[str, list[str]] = {}
    for label, part in whole.parts.items():
        found.setdefault(_verdict(_arm(part, arm)), []).append(label)
    return found


def _where(by_verdict: dict[str, list[str]]) -> str:
    return ", ".join(
        f"{verdict} on {formats.listed(by_verdict[verdict], MOST_NAMES)}" for verdict in BOTH
    )


def _verdict(arm: ArmSummary) -> str:
    return arm.comparison.verdict if arm.comparison else "none"


def _arm(part: Inference, name: str) -> ArmSummary:
    return next(arm for arm in part.arms if arm.arm == name)


def _first_by_rank(whole: Whole, ranks: MeanRanks) -> str:
    best = [arm for arm in ranks.arms if arm.mean_rank == ranks.arms[0].mean_rank]
    names = formats.listed([arm.arm for arm in best], MOST_NAMES)
    text = (
        f"The best mean rank is that of {names}: {ranks.arms[0].mean_rank:.2f} of {len(ranks.arms)}"
    )
    apart = [arm.arm for arm in ranks.arms if not set(arm.groups) & set(ranks.arms[0].groups)]
    if apart:
        return f"{text}, told apart from {formats.listed(apart, MOST_NAMES)}."
    return f"{text}; by their ranks on {_counted(whole, len(ranks.labels))} no arm is told apart."


def verdict_matrix(whole: Whole) -> Table:
    """Return an arm a row, a part a column: verdict and effect; of the control, its mean."""
    columns = (Column("arm"), *(Column(label) for label in whole.parts))
    rows = tuple(_row(whole, arm) for arm in whole.first.arms)
    return Table(columns, rows, sortable=True)


def _row(whole: Whole, arm: ArmSummary) -> tuple[Cell, ...]:
    cells = (_cell(part, _arm(part, arm.arm)) for part in whole.parts.values())
    return (arm_cell(arm.arm, arm.is_control), *cells)


def _cell(part: Inference, arm: ArmSummary) -> Cell:
    metric, comparison = part.answering_metric(), arm.comparison
    if comparison is None:
        digits = mean_decimals(part).get(arm.arm)
        return Cell(formats.measured(metric, arm.score.mean, digits), -1.0)
    words = verdict_words(comparison, arm.is_copy)
    if comparison.effect is not None:
        effect = formats.difference(metric, comparison.effect, decimals(comparison, metric))
        words += f", {effect}"
    return Cell(words, float(SORT_ORDER.index(comparison.verdict)), style=comparison.verdict)


def _verdicts(whole: Whole) -> Section:
    first, count = whole.first, len(whole.parts)
    unit = formats.difference_unit(first.answering_metric())
    text = (
        f"Verdict and mean of arm minus control{f' in {unit}' if unit else ''} on each "
        f"{_noun(whole.path)}; of the control, its mean {first.answering_metric().label}. Each "
        "column is corrected for its own arms and for no other column: if nothing differs, up to "
        f"{100 * min(1, LEVEL * count):.0f}% of studies with as many columns hold a false better "
        "or worse. Nothing is averaged over columns, as they have no scale in common."
    )
    return Section("Verdicts", (verdict_matrix(whole), *notes((text,))))


def _ranks(whole: Whole) -> Iterator[Section]:
    """Yield the mean ranks, where there are two parts to take them over."""
    ranks = whole.ranks
    if ranks is None:
        return
    columns = (
        Column("arm"),
        Column("group"),
        *number_columns("mean rank", *(f"rank on {label}" for label in ranks.labels)),
    )
    rows = tuple(
        (
            arm_cell(arm.arm, arm.arm == whole.first.control),
            Cell(arm.groups),
            Cell(f"{arm.mean_rank:.2f}", arm.mean_rank),
            *(Cell(f"{rank:g}", rank) for rank in arm.ranks),
        )
        for arm in ranks.arms
    )
    figure = mean_ranks_figure(ranks, whole.first.control, f"one {_noun(whole.path)}")
    how_to_read = notes((_how_ranks_read(whole, ranks),))
    yield Section("Mean ranks", (Table(columns, rows, sortable=True), *how_to_read, figure))


def _how_ranks_read(whole: Whole, ranks: MeanRanks) -> str:
    over = _counted(whole, len(ranks.labels))
    text = (
        f"Arms ranked by their effect on each {_noun(whole.path)} (1 is the best; equal ones share "
        "a mean rank), after Demšar 2006. "
    )
    if ranks.critical_difference is None:
        text += (
            f"Over {over} no difference of mean ranks, however large, can be told from chance, so "
            "all arms are of one group"
        )
    else:
        text += (
            f"Mean ranks {ranks.critical_difference:.2f} or more apart are told apart, arms that "
            "share a letter are not: were every order of the arms as likely as any other, the "
            "range of the mean ranks would reach that in at most 5% of studies (counted, as "
            "Nemenyi's critical difference holds for many data sets only)"
        )
    lacking = [label for label in whole.parts if label not in ranks.labels]
    if lacking:
        unranked = formats.listed(lacking, MOST_NAMES)
        text += f". Not ranked, as an arm has no effect there: {unranked}"
    return f"{text}."


def _parts(whole: Whole) -> Section:
    links = tuple(
        PageLink(part.study, label, " ".join(answer(part))) for label, part in whole.parts.items()
    )
    return Section(f"Each {_noun(whole.path)}", (Pages(links),))
