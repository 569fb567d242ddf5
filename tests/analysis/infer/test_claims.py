from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.claims import ClaimResult, claim_results
from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.summary import Summary
from ablations.analysis.read.collect import collect
from tests.support.synthetic_runs import claim, fill_claims

ARMS = ("sigmoid", "tanh", "elu")


def results(made: Any) -> tuple[ClaimResult, ...]:
    return claim_results(collect(made.runs, "activations"))


def test_claims_are_reproduced_contradicted_or_not_settled(synthetic: Any) -> None:
    stated = [
        claim("elu", "sigmoid"),
        claim("tanh", "elu"),
        claim("tanh", "sigmoid"),
        claim("elu", "tanh", "test_loss"),
        claim("sigmoid", "elu", "test_loss"),
    ]
    made = synthetic(ARMS, 10, claims=stated)
    fill_claims(made)
    assert [result.outcome for result in results(made)] == [
        "reproduced",
        "contradicted",
        "not_settled",
        "contradicted",
        "reproduced",
    ]
    assert [(result.better.arm, result.than.arm, result.metric) for result in results(made)] == [
        (one["better"], one["than"], one["on"]) for one in stated
    ]


def test_claims_on_one_metric_are_corrected_among_themselves(synthetic: Any) -> None:
    stated = [claim("elu", "sigmoid"), claim("elu", "tanh"), claim("elu", "tanh", "test_loss")]
    made = synthetic(ARMS, 9, claims=stated, correction="holm")
    values = fill_claims(made)
    single = scipy.stats.permutation_test(
        (values["elu"] - values["tanh"],), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    corrected = [result.comparison.p_corrected for result in results(made)]
    assert corrected == pytest.approx([2 * single, 2 * single, single])


def test_the_margin_is_one_of_the_studys_metric_alone(synthetic: Any) -> None:
    stated = [
        claim("elu", "tanh"),
        claim("sigmoid", "tanh"),
        claim("tanh", "elu", "test_loss"),
        claim("tanh", "sigmoid", "test_loss"),
    ]
    made = synthetic(ARMS, 10, claims=stated, margin=0.02)
    fill_claims(made)
    comparisons = [result.comparison for result in results(made)]
    assert [(comparison.verdict, comparison.size) for comparison in comparisons] == [
        ("better", "at_least_the_margin"),
        ("equivalent", None),
        ("better", None),
        ("inconclusive", None),
    ]


def test_an_arm_that_the_study_lacks_has_no_numbers(synthetic: Any) -> None:
    made = synthetic(ARMS, 3, claims=[claim("elu", "nobody")])
    for seed, value in enumerate((0.5, 0.6, 0.7)):
        made.add("elu", seed, accuracy=value)
    (result,) = results(made)
    assert (result.better.known, result.than.known) == (True, False)
    assert result.better.summary.mean == pytest.approx(0.6)
    assert result.than.summary == Summary(0, None, None)
    assert result.than.divergence == Divergence(0, 0)
    assert result.outcome == "not_settled"
