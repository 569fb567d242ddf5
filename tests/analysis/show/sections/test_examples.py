from __future__ import annotations

from dataclasses import replace
from typing import Any

from ablations.analysis.infer.examples import EffectOverExamples, OverExamples
from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.read.collect import collect
from ablations.analysis.show.blocks import Table
from ablations.analysis.show.sections.examples import examples


def of(synthetic: Any) -> Inference:
    made = synthetic(("sigmoid", "elu"), 2)
    return infer(collect(made.runs, "activations"))


def test_the_second_interval_stands_beside_the_first_and_n_is_named(synthetic: Any) -> None:
    effects = (
        EffectOverExamples("elu", 0.02, Interval(0.01, 0.03), Interval(-0.005, 0.045)),
        EffectOverExamples("tanh", 0.05, Interval(0.04, 0.06), Interval(0.035, 0.065)),
    )
    section = examples(replace(of(synthetic), over_examples=OverExamples(360, effects)))
    assert section is not None
    table, note = section.blocks
    assert isinstance(table, Table)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["elu", "+2.00", "+1.00 to +3.00", "−0.50 to +4.50"],
        ["tanh", "+5.00", "+4.00 to +6.00", "+3.50 to +6.50"],
    ]
    assert "the same 360 examples" in note.text
    assert "1.50 to 2.50 times as wide (median 2.00)" in note.text
    assert note.text.endswith("holds 0 where the first does not: elu.")


def test_there_is_no_section_where_runs_do_not_keep_what_they_got_right(synthetic: Any) -> None:
    assert examples(of(synthetic)) is None
