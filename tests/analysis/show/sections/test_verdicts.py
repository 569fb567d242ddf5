from __future__ import annotations

from dataclasses import replace
from typing import Any

from ablations.analysis.infer.examples import EffectOverExamples, OverExamples
from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.read.collect import collect
from ablations.analysis.show.blocks import Paragraph, Table
from ablations.analysis.show.sections.verdicts import verdicts

HEADING = "new examples, too"


def of(synthetic: Any) -> Inference:
    made = synthetic(("sigmoid", "elu"), 2)
    return infer(collect(made.runs, "activations"))


def blocks(inference: Inference) -> tuple[Table, str]:
    """The table, and all notes below it."""
    table, *notes = verdicts(inference).blocks
    assert isinstance(table, Table)
    return table, "\n".join(note.text for note in notes if isinstance(note, Paragraph))


def test_an_interval_over_new_examples_stands_beside_the_first_and_n_is_named(
    synthetic: Any,
) -> None:
    effects = (EffectOverExamples("elu", 0.02, Interval(0.01, 0.03), Interval(-0.005, 0.045)),)
    table, notes = blocks(replace(of(synthetic), over_examples=OverExamples(360, effects)))
    column = [column.title for column in table.columns].index(HEADING)
    assert {row[0].text: row[column].text for row in table.rows} == {
        "sigmoid (control)": "–",
        "elu": "−0.5 to +4.5",
    }
    assert "the same 360 that every arm had" in notes
    assert "2.50 to 2.50 times as wide (median 2.50); holds 0 where the first does not: elu." in (
        notes
    )


def test_there_is_none_where_runs_do_not_keep_what_they_got_right(synthetic: Any) -> None:
    table, notes = blocks(of(synthetic))
    assert HEADING not in [column.title for column in table.columns]
    assert "examples" not in notes


def test_a_p_at_its_floor_says_so(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 7)
    for seed in range(7):
        made.add("sigmoid", seed, accuracy=0.5 + 0.001 * seed)
        made.add("elu", seed, accuracy=0.6 + 0.0012 * seed)
    table, notes = blocks(infer(collect(made.runs, "activations")))
    # All seven differences agree in sign: 2/2⁷.
    said = "p is the smallest possible with 7 seeds: 0.016, however large the effect (elu)."
    assert said in notes
    assert "0.016" in [cell.text for cell in table.rows[1]]
