"""The table of a study of several parts: an arm a row, a part a column."""

from __future__ import annotations

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.whole import Whole
from ablations.analysis.show import formats
from ablations.analysis.show.comparisons import name_of_test, sample_size
from ablations.analysis.show.paper.columns import NUMBER, Cells, PaperColumn
from ablations.analysis.show.paper.numerals import scale_of
from ablations.analysis.show.paper.table import PaperTable, best_to_mark, table_of
from ablations.analysis.show.paper.words import words
from ablations.analysis.show.whole import parts_noun

SIGNIFICANT, EQUIVALENT = r"\ensuremath{^{\ast}}", r"\ensuremath{^{=}}"
MARKS = {"better": SIGNIFICANT, "worse": SIGNIFICANT, "equivalent": EQUIVALENT}


def paper_matrix(whole: Whole, width: float) -> PaperTable:
    """Return the effects on all parts and the mean ranks; of the control, its means."""
    columns = [_of_part(label, part) for label, part in whole.parts.items()]
    if whole.ranks:
        ranks = {arm.arm: f"{arm.mean_rank:.2f}" for arm in whole.ranks.arms}
        columns.append(PaperColumn("rank", "mean rank", NUMBER, lambda arm: (ranks[arm.arm],)))
    return table_of(whole.first.arms, columns, width)


def _of_part(label: str, part: Inference) -> PaperColumn:
    scale, best = scale_of(part, part.metric), best_to_mark(part)
    arms = {arm.arm: arm for arm in part.arms}

    def cells(named: ArmSummary) -> Cells | None:
        arm = arms[named.arm]
        comparison = arm.comparison
        text = scale.difference(comparison.effect) if comparison else scale.value(arm.score.mean)
        mark = MARKS.get(comparison.verdict, "") if comparison else ""
        text = rf"\textbf{{{text}}}" if arm.arm in best else text
        return (text + (rf"\rlap{{{mark}}}" if mark else ""),)

    return PaperColumn(label, label, NUMBER, cells)


def matrix_caption(whole: Whole) -> str:
    """Return the caption as LaTeX."""
    first = whole.first
    scale = scale_of(first, first.metric)
    paired = first.replicates == "paired"
    effect = "mean difference" if paired else "difference of means"
    most = max(whole.parts.values(), key=lambda part: len(part.seeds))
    seeds = f"{'' if paired else 'independent runs, '}{sample_size(most)}"
    control, label = words(first.control), words(scale.metric.label)
    unit = f" in {words(scale.difference_unit)}" if scale.difference_unit else ""
    parts = words(parts_noun(whole))
    text = [
        f"Effect on {label}{unit}: {effect} from the control, {control}, over {seeds} on "
        f"{parts}; first row: the control's mean. Better is {scale.metric.better}."
    ]
    compared = [arm.comparison for part in whole.parts.values() for arm in part.arms]
    judged = [one for one in compared if one and not one.too_few_pairs]
    if judged:
        test = words(name_of_test(judged[0]))
        text.append(
            f"{SIGNIFICANT}\\,: significant at 5\\% in a {test}, each column for its own arms and "
            "for no other column."
        )
    else:
        text.append("No arm is judged: the seeds are too few to tell any difference from chance.")
    if first.margin > 0:
        size = words(formats.magnitude(scale.metric, first.margin))
        text.append(f"{EQUIVALENT}\\,: equivalent within the margin of {size}.")
    if any(part.runs.diverged for part in whole.parts.values()):
        text.append("In an effect diverged runs are scored, not left out.")
    if any(map(best_to_mark, whole.parts.values())):
        text.append("Bold: may be the best arm of its column.")
    if whole.ranks:
        text.append(_how_ranks_read(whole.ranks.critical_difference))
    return " ".join(text)


def _how_ranks_read(critical: float | None) -> str:
    if critical is None:
        return "Mean rank: 1 is the best; no difference of mean ranks can be told from chance here."
    return f"Mean rank: 1 is the best; ranks {critical:.2f} or more apart are told apart."
