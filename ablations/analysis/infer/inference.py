"""Everything that the runs of a study show, as numbers: what pages and the tab are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ablations.analysis.infer.arms import ArmSummary, arm_summaries
from ablations.analysis.infer.best import best_by_mean
from ablations.analysis.infer.changes import ArmChanges, arm_changes
from ablations.analysis.infer.claims import ClaimResult, claim_results
from ablations.analysis.infer.curves import ArmCurves, arm_curves, read_histories
from ablations.analysis.infer.early_ends import EarlyEnds, early_ends, last_steps
from ablations.analysis.infer.examples import OverExamples, over_examples
from ablations.analysis.infer.factorial import FactorialEffects, factorial_effects
from ablations.analysis.infer.findings import ArmFindings, findings
from ablations.analysis.infer.independent import seed_correlation
from ablations.analysis.infer.looks_taken import LooksTaken, looks_taken
from ablations.analysis.infer.runs import RunCounts, environments, run_counts
from ablations.analysis.infer.scores import DivergedScore, diverged_score, scores
from ablations.analysis.infer.targets import Target, time_to_target
from ablations.analysis.infer.tuning import Fairness, Tuning, fairness, tuning
from ablations.analysis.infer.tuning_curves import TuningCurve, tuning_curves
from ablations.analysis.read.collect import Collected
from ablations.analysis.read.left_out import LeftOut
from ablations.ledger.inert import InertArm, inert_arms, same_scores, scores_of_control
from ablations.ledger.shared_files import SharedFiles, shared_files
from ablations.study.metrics import METRICS, EpochMetric, Metric, logged_metric
from ablations.study.replicates import Replicates
from ablations.study.schema import Correction, Part, Study


@dataclass(frozen=True)
class Inference:
    """What the runs of a study show."""

    study: str
    """The directory under ``runs/``."""
    recorded_study: str
    """The study whose record that directory holds; another where it was copied."""
    part: Part | None
    """Of what study it is a part, and which."""
    question: str
    description: str
    control: str
    metric: str
    """The metric that answers the question."""
    score: str
    """What grades predictions: ``accuracy`` of a classification; a user's trainer may lack it."""
    own_metrics: Mapping[str, Metric]
    """Those that a classification without metrics of its own does not have, or not so."""
    imported: bool
    """Whether something else produced the results; ``file`` is then what they came in."""
    pattern: str
    """How a run's folder is named in that; empty where it is a table."""
    better: Literal["higher", "lower"]
    margin: float
    """The smallest difference of the metric that matters."""
    seeds: tuple[int, ...]
    """Those that the study declares."""
    file: str
    """The study file as it was given to ``run``; empty where that is not recorded."""
    overrides: Mapping[str, Any]
    """What ``--set`` changed in the base: dotted path → value."""
    runs: RunCounts
    left_out: tuple[LeftOut, ...]
    """What does not count, and why."""
    arms: tuple[ArmSummary, ...]
    """Each arm's numbers and its comparison with the control, in the study's order."""
    best_by_mean: str | None
    looks: LooksTaken | None
    """None where the study declares no looks and was not looked at twice."""
    correction: Correction
    replicates: Replicates
    seed_correlation: float | None
    """Of the arms of a study whose runs are independent, over equal seeds; None elsewhere."""
    diverged_score: DivergedScore | None
    """What a diverged run scores on the study's metric; None where no run completed."""
    over_examples: OverExamples | None
    """The effects over seeds and test examples; None where runs do not keep what they got right."""
    inert: tuple[InertArm, ...]
    """Arms that equal another one to the last bit though they declare a difference."""
    repeating: Mapping[str, tuple[int, ...]]
    """Arm → seeds, of the arms whose training no seed reaches."""
    same_scores: Mapping[str, tuple[int, ...]]
    """Arm → seeds, of the arms whose runs score the same, where nothing else is known of them."""
    scores_of_control: Mapping[str, tuple[int, ...]]
    """The same of the arms whose runs score as the control's at every seed."""
    claims: tuple[ClaimResult, ...]
    factorial: FactorialEffects | None
    """Of a full factorial design."""
    fairness: Fairness
    tuning: Tuning | None
    """None where the study tunes nothing."""
    findings: tuple[ArmFindings, ...]
    """What the layers of each arm's runs show, in the study's order."""
    tuning_curves: tuple[TuningCurve, ...]
    """One for each tuned setting."""
    target: Target | None
    curves: tuple[ArmCurves, ...]
    early_ends: EarlyEnds | None
    """Of imported runs, those that end clearly before others; None where none does."""
    changes: tuple[ArmChanges, ...]
    environments: Mapping[str, Mapping[str, int]]
    """Key → value → runs that recorded it."""
    shared_files: SharedFiles
    """Files outside the runs' directories that several runs wrote."""

    def answering_metric(self) -> Metric:
        """Return the metric that answers the question."""
        return self.metric_named(self.metric)

    def metric_named(self, name: str) -> Metric:
        """Return one of the metrics that the arms have."""
        return self.own_metrics.get(name) or METRICS[name]

    def logged(self, key: str) -> EpochMetric | None:
        """Return one number of an epoch in the study's units; None where only a trainer knows."""
        return logged_metric(key, {**METRICS, **self.own_metrics})

    def control_arm(self) -> ArmSummary | None:
        """Return the control's numbers; None where the control is no arm."""
        return next((arm for arm in self.arms if arm.is_control), None)

    def other_arms(self) -> tuple[ArmSummary, ...]:
        """Return the numbers of all arms but the control."""
        return tuple(arm for arm in self.arms if not arm.is_control)


def kept_in_sight(inference: Inference) -> frozenset[str]:
    """Return the arms that no axis cuts off: those that may be the best, or are better."""
    return frozenset(
        arm.arm
        for arm in inference.arms
        if arm.may_be_best or (arm.comparison and arm.comparison.verdict == "better")
    )


def _own_metrics(study: Study) -> dict[str, Metric]:
    """Return the metrics that are none of ``METRICS``, without what cannot be written down."""
    known = study.known_metrics.items()
    own = {n: m for n, m in known if n not in METRICS or METRICS[n] != m}
    return {n: replace(m, if_diverged=None, summary=None) for n, m in own.items()}


def seed_correlation_of(collected: Collected) -> float | None:
    """Return how the arms correlate over equal seeds, where that is not used; else None."""
    study = collected.study
    if study.replicates == "paired":
        return None
    return seed_correlation([scores(collected, arm, study.metric) for arm in study.arm_names])


def infer(collected: Collected, layers: bool = True) -> Inference:
    """Return what the runs of a study show; reads each run's curve and layers once.

    Without ``layers`` nothing is found of them, for a reader that shows no findings.
    """
    study = collected.study
    arms = arm_summaries(collected)
    histories = [read_histories(collected, arm) for arm in study.arm_names]
    curves = {of_arm.arm: arm_curves(of_arm) for of_arm in histories}
    searches = tuning(collected)
    return Inference(
        study=collected.name,
        recorded_study=study.study,
        part=study.part,
        question=study.question,
        description=study.description,
        control=study.control,
        metric=study.metric,
        better=study.answering_metric.better,
        score=study.score,
        own_metrics=_own_metrics(study),
        imported=study.imported,
        pattern=study.pattern,
        margin=study.margin,
        seeds=study.seeds,
        file=study.file,
        overrides=study.overrides,
        runs=run_counts(collected),
        left_out=collected.left_out,
        arms=arms,
        best_by_mean=best_by_mean(collected),
        looks=looks_taken(collected),
        correction=study.correction,
        replicates=study.replicates,
        seed_correlation=seed_correlation_of(collected),
        diverged_score=diverged_score(collected, study.metric),
        over_examples=over_examples(collected, arms),
        repeating=collected.repeating,
        inert=inert_arms(study, (run.standing for run in collected.runs if run.counts)),
        same_scores=same_scores(
            (run.standing for run in collected.runs if run.counts), study.metric
        ),
        scores_of_control=scores_of_control(
            study, (run.standing for run in collected.runs if run.counts)
        ),
        claims=claim_results(collected),
        factorial=factorial_effects(collected),
        fairness=fairness(collected, searches),
        tuning=searches,
        findings=findings(collected) if layers else (),
        tuning_curves=tuning_curves(searches),
        target=time_to_target(study, histories, curves),
        curves=tuple(curves.values()),
        early_ends=early_ends(last_steps(histories, study.metric)) if study.imported else None,
        changes=arm_changes(study),
        environments=environments(collected),
        shared_files=shared_files(run.result for run in collected.runs if run.counts),
    )
