"""``ablations plan``: the runs that a study would make."""

from __future__ import annotations

from ablations.analysis.show.inert import (
    inert_sentence,
    repeating_sentence,
    score_sentences,
)
from ablations.commands import display, studies
from ablations.commands.options import Options
from ablations.commands.seeds import as_declared, say_declared, too_few_seeds
from ablations.execution import facts
from ablations.execution.catalog import CATALOG
from ablations.ledger.inert import inert_arms, repeating_arms, same_scores, scores_of_control
from ablations.ledger.looks import read_looks
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.searches import settle
from ablations.ledger.standing import classify_all
from ablations.study.expand import expand
from ablations.study.recipe import Recipe
from ablations.study.schema import Study


def plan(study: str, sets: tuple[str, ...], options: Options) -> None:
    """Print the runs that a study would make, part by part."""
    for number, loaded in enumerate(studies.load(study, studies.parse_overrides(sets))):
        if number:
            print()
        declared = as_declared(loaded, options.runs)
        _plan(declared, options)
        say_declared(loaded, declared, options.runs)


def _plan(loaded: Study, options: Options) -> None:
    runs = RunsDirectory(options.runs)
    known = facts.check(loaded, loaded.arms, loaded.seeds, options.data_directory)
    absent = sorted({data.name for data, digest in known.digests.items() if digest is None})
    tuned = settle(loaded, runs, known.digests, CATALOG)
    looks = read_looks(tuned.study, runs.looks(tuned.study.study))
    comparison = classify_all(filter(looks.wants, expand(tuned.study)), runs, known.digests)
    display.print_plan(tuned, looks, comparison, known.parameters, absent)
    for data, of in known.data.items():
        if of.values:
            then = ", then standardized" if data.scale == "standardize" else ""
            print(f"data set {data.name}: {of.values}{then}")
    if warning := too_few_seeds(loaded):
        print(warning)
    for arm in loaded.arms:
        schedule = arm.recipe.training.schedule if isinstance(arm.recipe, Recipe) else None
        why = schedule.why_idle(arm.trained.training.epochs) if schedule else ""
        if schedule and why:
            print(f"{arm.name}: training.schedule {schedule.name} never acts: {why}")
    if repeating := repeating_arms(comparison):
        print(repeating_sentence(repeating))
    same = same_scores(comparison, tuned.study.metric)
    of_control = scores_of_control(tuned.study, comparison)
    for sentence in score_sentences(same, of_control, tuned.study.answering_metric.label):
        print(sentence)
    for inert in inert_arms(tuned.study, comparison):
        print(inert_sentence(inert, tuned.study.control))
