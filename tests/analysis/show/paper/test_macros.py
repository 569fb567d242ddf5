"""The numbers of a paper against the report's own tables."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.paper.macros import numbers_of
from ablations.analysis.show.render import render_paper
from ablations.analysis.show.verdicts_csv import verdicts_csv
from tests.support import latex
from tests.support.synthetic_runs import claim, fill_claims

ARMS = ("he_normal", "elu-2", "tanh_0.5")


def read(inference: Inference) -> dict[str, str]:
    text = render_paper("numbers.tex", study="s", numbers=numbers_of([inference]))
    latex.check(text)
    return latex.numbers(text)


@pytest.fixture
def inference(synthetic: Any) -> Inference:
    made = synthetic(ARMS, 8, margin=0.005)
    draw = np.random.default_rng(1)
    for position, arm in enumerate(ARMS):
        for seed in range(8):
            accuracy = 0.8 + 0.02 * position + float(draw.normal(0, 0.01))
            made.add(arm, seed, metrics={"test_accuracy": accuracy, "test_loss": 1 - accuracy})
    return infer(collect(made.runs, "activations"))


def test_every_number_of_the_verdicts_has_a_key(inference: Inference) -> None:
    found = read(inference)
    shown = 0
    for row in csv.DictReader(io.StringIO(verdicts_csv(inference))):
        stem = f"activations/{row['arm']}"
        for name in ("effect", "low", "high", "low_all", "high_all"):
            if row[name]:
                shown += 1
                assert float(found[f"{stem}/{name}"]) == pytest.approx(
                    100 * float(row[name]), abs=5e-3
                )
        for name in ("p", "p_corrected"):
            if row[name]:
                assert found[f"{stem}/{name}"] == f"{float(row[name]):.3f}"
                assert found[f"{stem}/{name}_equation"] == f"p={float(row[name]):.3f}"
        if row["n"]:
            wins = 100 * float(row["probability_of_improvement"])
            assert found[f"{stem}/probability_of_improvement"] == f"{wins:.0f}"
            assert found[f"{stem}/n"] == row["n"]
            assert found[f"{stem}/verdict"].startswith(row["verdict"])
            assert found[f"{stem}/interval"] == f"[{found[f'{stem}/low']}, {found[f'{stem}/high']}]"
        assert found[f"{stem}/may_be_best"] == row["may_be_best"]
    assert shown == 10


def test_every_metric_of_every_arm_and_what_the_study_states_have_keys(
    inference: Inference,
) -> None:
    found = read(inference)
    for arm in inference.arms:
        accuracies = 100 * np.array(list(arm.scores.values()))
        stem = f"activations/{arm.arm}"
        assert found[f"{stem}/mean"] == f"{accuracies.mean():.2f}"
        assert found[f"{stem}/sd"] == f"{accuracies.std(ddof=1):.2f}"
        assert found[f"{stem}/test_accuracy/mean"] == found[f"{stem}/mean"]
        assert float(found[f"{stem}/test_loss/mean"]) == pytest.approx(
            1 - accuracies.mean() / 100, abs=1e-3
        )
        assert found[f"{stem}/parameters"] == "79,510"
    said = {key: found[f"activations/{key}"] for key in ("n", "margin", "unit", "comparisons")}
    assert said == {"n": "8", "margin": "0.50", "unit": "%", "comparisons": "2"}
    assert found["activations/effect_unit"] == "points"
    assert found["activations/control"] == "he_normal"


def test_claims_have_their_outcome_and_figures(synthetic: Any) -> None:
    claims = [claim("elu", "tanh"), claim("tanh", "sigmoid"), claim("tanh", "elu")]
    made = synthetic(("sigmoid", "elu", "tanh"), 10, claims=claims)
    values = fill_claims(made)
    found = read(infer(collect(made.runs, "activations")))
    outcomes = [found[f"activations/claims/{number}/outcome"] for number in (1, 2, 3)]
    assert outcomes == ["reproduced", "not settled", "contradicted"]
    effect = 100 * (values["elu"] - values["tanh"]).mean()
    assert found["activations/claims/1/effect"] == f"{effect:+.2f}"
    counts = ("claims", "claims/reproduced", "claims/contradicted", "claims/not_settled")
    assert [found[f"activations/{key}"] for key in counts] == ["3", "1", "1", "1"]


def test_contrasts_of_a_factorial_study_have_keys(factorial_study: Any) -> None:
    made = factorial_study()
    inference = infer(collect(made.runs, "factorial"))
    found = read(inference)
    assert inference.factorial is not None
    for contrast in inference.factorial.contrasts:
        name = "+".join(f"{path}={label}" for path, label in contrast.levels.items())
        effect = 100 * (contrast.comparison.effect or 0)
        assert float(found[f"factorial/contrasts/{name}/effect"]) == pytest.approx(effect, abs=5e-3)


def test_names_that_latex_would_read_as_something_else_stay_apart(synthetic: Any) -> None:
    names = ("a%#b", "a~{b", "a-b")
    own = {name: {"better": "lower"} for name in names}
    made = synthetic(("sigmoid", "elu"), 2, metrics=own)
    for arm in made.study.arm_names:
        for seed in range(2):
            scores = {name: float(place) for place, name in enumerate(names)}
            made.add(arm, seed, metrics={"test_accuracy": 0.5, **scores})
    found = read(infer(collect(made.runs, "activations")))
    kept = [found[f"activations/elu/{key}"] for key in ("a-b/mean", "a-b/mean-", "a-b/mean--")]
    assert [float(text) for text in kept] == [0, 1, 2]


def test_a_key_that_is_not_there_is_seen(inference: Inference) -> None:
    text = render_paper("numbers.tex", study="s", numbers=numbers_of([inference]))
    assert r"\textbf{??}\errmessage{There is no number" in text
