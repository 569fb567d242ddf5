"""The comparison with the control on a metric that is not the one the study declared."""

from __future__ import annotations

from dataclasses import replace

from ablations.analysis.infer.arms import arm_summaries
from ablations.analysis.infer.best import best_by_mean
from ablations.analysis.infer.factorial import factorial_effects
from ablations.analysis.infer.inference import Inference, seed_correlation_of
from ablations.analysis.infer.scores import diverged_score
from ablations.analysis.read.collect import Collected


def on_metric(collected: Collected, inference: Inference, metric: str) -> Inference:
    """Return ``inference`` as if ``metric`` answered the question.

    Of another metric than the study's own nothing was declared: there is no margin, and all runs
    are judged at once, not look by look.  Arms are corrected for one another as usual, but not
    for the metrics that a reader goes through.
    """
    if metric == inference.metric:
        return inference
    changes = {"metric": metric, "margin": 0.0, "looks": (), "look_weights": ()}
    study = collected.study.model_copy(update=changes)
    asked = replace(collected, study=study)
    return replace(
        inference,
        metric=metric,
        better=study.answering_metric.better,
        margin=0.0,
        arms=arm_summaries(asked),
        best_by_mean=best_by_mean(asked),
        looks=None,
        seed_correlation=seed_correlation_of(asked),
        diverged_score=diverged_score(asked, metric),
        over_examples=None,
        factorial=factorial_effects(asked),
    )
