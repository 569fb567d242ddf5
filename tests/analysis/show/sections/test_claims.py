from typing import Any

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.blocks import Cell, Paragraph, Table
from ablations.analysis.show.sections.claims import claims, claims_sentence, of_literature
from tests.support.synthetic_runs import claim, fill_claims

ARMS = ("sigmoid", "tanh", "elu")


def rows(made: Any) -> tuple[tuple[Cell, ...], ...]:
    section = claims(infer(collect(made.runs, "activations")))
    assert section is not None
    table = section.blocks[0]
    assert isinstance(table, Table)
    return table.rows


def outcomes(made: Any) -> list[str]:
    return [row[1].text for row in rows(made)]


def test_the_outcome_is_said_with_its_size(synthetic: Any) -> None:
    stated = [
        claim("elu", "tanh"),
        claim("sigmoid", "tanh"),
        claim("tanh", "elu", "test_loss"),
        claim("tanh", "sigmoid", "test_loss"),
    ]
    made = synthetic(ARMS, 10, claims=stated, margin=0.02)
    fill_claims(made)
    assert outcomes(made) == [
        "reproduced by at least the margin",
        "not settled: equivalent within the margin",
        "reproduced",
        "not settled",
    ]


def test_the_answer_counts_the_outcomes(synthetic: Any) -> None:
    stated = [claim("elu", "sigmoid"), claim("tanh", "elu"), claim("tanh", "sigmoid")]
    made = synthetic(ARMS, 10, claims=stated)
    fill_claims(made)
    sentence = claims_sentence(infer(collect(made.runs, "activations")))
    assert sentence == (
        "Of 3 claims of notes or our own: 1 reproduced, 1 contradicted and 1 not settled."
    )


def test_only_a_published_source_makes_a_claim_one_of_the_literature(synthetic: Any) -> None:
    published = ("Clevert et al. 2015", "notes 000; He et al. 2015, 30 layers", "arXiv:1502.03167")
    assert all(map(of_literature, published))
    own = ("notes 000 and 003", "our own", "notes of 2024", "folklore", "nobody")
    assert not any(map(of_literature, own))
    of_paper = {**claim("elu", "sigmoid"), "source": "Clevert et al. 2015"}
    made = synthetic(ARMS, 10, claims=[claim("tanh", "elu"), of_paper, claim("tanh", "sigmoid")])
    fill_claims(made)
    assert claims_sentence(infer(collect(made.runs, "activations"))) == (
        "Of 1 claim of the literature: 1 reproduced; "
        "of 2 claims of notes or our own: 1 contradicted and 1 not settled."
    )


def test_figures_and_missing_arms_are_said(synthetic: Any) -> None:
    made = synthetic(ARMS, 3, claims=[claim("elu", "nobody"), claim("elu", "sigmoid")])
    for seed, value in enumerate((0.5, 0.6, 0.7)):
        made.add("elu", seed, accuracy=value)
    first, second = rows(made)
    assert first[3].text == "elu: 60.00% ± 10.00 (n = 3)"
    assert first[4].text == "nobody: the study has no such arm"
    assert second[4].text == "sigmoid: no completed run"
    assert outcomes(made) == 2 * ["not settled: no verdict (no pairs)"]


def test_divergence_is_said_beside_the_outcome(synthetic: Any) -> None:
    made = synthetic(ARMS, 8, claims=[claim("elu", "sigmoid"), claim("sigmoid", "elu")])
    fill_claims(made)
    for seed in range(5):
        made.add("sigmoid", seed, status="diverged", accuracy=None)
    assert outcomes(made) == ["reproduced", "contradicted"]  # scored, not dropped
    section = claims(infer(collect(made.runs, "activations")))
    assert section is not None
    notes = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    (among,) = [text for text in notes if text.startswith("Effect among survivors")]
    assert "elu against sigmoid +" in among
    assert among.count("n = 3") == 2
    assert "(n = 3 of 8, 5 diverged)" in rows(made)[0][4].text


def test_without_claims_there_is_no_section(synthetic: Any) -> None:
    made = synthetic()
    assert claims(infer(collect(made.runs, "activations"))) is None
