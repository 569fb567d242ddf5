from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.comparisons import ClaimFinding, claim_findings
from ablations.analysis.read.collect import collect
from ablations.analysis.show.claims import claims_sentence, claims_table

ARMS = ("sigmoid", "tanh", "elu")


def claim(better: str, than: str, on: str = "test_accuracy") -> dict[str, str]:
    return {"better": better, "than": than, "on": on, "source": "notes 000"}


def found(made: Any) -> tuple[ClaimFinding, ...]:
    return claim_findings(collect(made.runs, "activations"))


def outcomes(made: Any) -> list[str]:
    return [row[1].text for row in claims_table(found(made), made.study).rows]


def fill(made: Any) -> dict[str, np.ndarray]:
    """ELU 5 points over tanh, tanh as good as sigmoid; the loss is lower where accuracy is."""
    draw = np.random.default_rng(3)
    n = len(made.study.seeds)
    values = {arm: 0.8 + draw.normal(0, 0.004, size=n) for arm in ARMS}
    values["elu"] += 0.05
    for arm in ARMS:
        for seed, value in enumerate(values[arm].tolist()):
            made.add(arm, seed, metrics={"test_accuracy": value, "test_loss": value})
    return values


def test_claims_are_reproduced_contradicted_or_not_settled(synthetic: Any) -> None:
    stated = [
        claim("elu", "sigmoid"),
        claim("tanh", "elu"),
        claim("tanh", "sigmoid"),
        claim("elu", "tanh", "test_loss"),
        claim("sigmoid", "elu", "test_loss"),
    ]
    made = synthetic(ARMS, 10, claims=stated)
    fill(made)
    assert [one.status for one in found(made)] == [
        "reproduced",
        "contradicted",
        "not settled",
        "contradicted",
        "reproduced",
    ]
    assert claims_sentence(found(made)).endswith("2 reproduced, 2 contradicted and 1 not settled.")


def test_claims_on_one_metric_are_corrected_among_themselves(synthetic: Any) -> None:
    stated = [claim("elu", "sigmoid"), claim("elu", "tanh"), claim("elu", "tanh", "test_loss")]
    made = synthetic(ARMS, 9, claims=stated)
    values = fill(made)
    single = scipy.stats.permutation_test(
        (values["elu"] - values["tanh"],), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    one, other, loss = found(made)
    assert one.finding.corrected_p == pytest.approx(2 * single)
    assert other.finding.corrected_p == pytest.approx(2 * single)
    assert loss.finding.corrected_p == pytest.approx(single)


def test_the_margin_is_one_of_the_studys_metric_alone(synthetic: Any) -> None:
    stated = [
        claim("elu", "tanh"),
        claim("sigmoid", "tanh"),
        claim("tanh", "elu", "test_loss"),
        claim("tanh", "sigmoid", "test_loss"),
    ]
    made = synthetic(ARMS, 10, claims=stated, margin=0.02)
    fill(made)
    assert outcomes(made) == [
        "reproduced by at least the margin",
        "not settled: equivalent within the margin",
        "reproduced",
        "not settled",
    ]


def test_figures_and_missing_arms_are_said(synthetic: Any) -> None:
    made = synthetic(ARMS, 3, claims=[claim("elu", "nobody"), claim("elu", "sigmoid")])
    for seed, value in enumerate((0.5, 0.6, 0.7)):
        made.add("elu", seed, accuracy=value)
    first, second = claims_table(found(made), made.study).rows
    assert first[3].text == "elu: 60.00% ± 10.00 (n = 3)"
    assert first[4].text == "nobody: the study has no such arm"
    assert second[4].text == "sigmoid: no completed run"
    assert outcomes(made) == 2 * ["not settled: no verdict (no pairs)"]


def test_divergence_is_said_beside_the_outcome(synthetic: Any) -> None:
    made = synthetic(ARMS, 8, claims=[claim("elu", "sigmoid"), claim("sigmoid", "elu")])
    fill(made)
    for seed in range(5):
        made.add("sigmoid", seed, status="diverged", accuracy=None)
    assert outcomes(made) == [
        "not settled: too few pairs, as sigmoid diverged in 5/8 runs",
        "not settled: sigmoid diverged more often",
    ]
    assert "(n = 3 of 8, 5 diverged)" in claims_table(found(made), made.study).rows[0][4].text
