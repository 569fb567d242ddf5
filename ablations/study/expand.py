"""From a study to its runs: those of the comparison, and the trials of each arm's search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ablations.errors import AblationsError, suggest
from ablations.study.recipe import Recipe
from ablations.study.recipes import AnyRecipe, trainable
from ablations.study.schema import TUNING, Arm, Study, TuningTrial
from ablations.study.settings import change
from ablations.study.technique import Catalog

SEED_PREFIX = "seed-"


def run_path(study: str, arm: str, seed: int, trial: str = "") -> str:
    """Return where a run lies below the root: ``study/arm/seed-0``.

    A trial of the arm's search lies in ``study/tuning/arm/trial/seed-0``.
    """
    searched = f"{TUNING}/{arm}/{trial}" if trial else arm
    return f"{study}/{searched}/{SEED_PREFIX}{seed}"


@dataclass(frozen=True)
class Run:
    """Study × arm × seed: one training, one directory, one result."""

    study: str
    arm: str
    seed: int
    recipe: AnyRecipe
    trial: str = ""
    """The trial of the arm's search; empty in the comparison."""
    provisional: bool = False
    """Whether the recipe stands in for one that is not known, so that no result can be of it: the
    search of its arm has not chosen the values yet."""

    @property
    def trained(self) -> Recipe:
        """The recipe, of the compiled trainer.

        Raises:
            AblationsError: something else trains it.
        """
        return trainable(self.recipe)

    def __str__(self) -> str:
        return run_path(self.study, self.arm, self.seed, self.trial)


def comparison_runs(study: Study, arm: Arm, seeds: Iterable[int]) -> tuple[Run, ...]:
    """Return the runs of one arm, one a seed."""
    provisional = study.awaits_tuning(arm.name)
    return tuple(
        Run(study.study, arm.name, seed, arm.recipe, provisional=provisional) for seed in seeds
    )


def expand(
    study: Study, arms: Collection[str] = (), seeds: Collection[int] = ()
) -> tuple[Run, ...]:
    """Return the comparison's runs, or those of some arms and seeds; an arm's seeds together.

    Raises:
        AblationsError: the study has no such arm, or a seed is one of the search's.
    """
    _check_arms(study, arms)
    wanted = [arm for arm in study.arms if not arms or arm.name in arms]
    chosen = sorted(set(seeds)) or study.seeds
    for seed in chosen if study.tune else ():
        if study.tune and seed in study.tune.seeds:
            raise AblationsError(
                f"study {study.study}: seed {seed} tunes the arms; the comparison wants others"
            )
    return tuple(run for arm in wanted for run in comparison_runs(study, arm, chosen))


def expand_trials(
    study: Study, arms: Collection[str] = (), catalog: Catalog | None = None
) -> tuple[Run, ...]:
    """Return the runs of the search, or those of some arms; none where nothing is tuned.

    Raises:
        AblationsError: the study has no such arm.
    """
    _check_arms(study, arms)
    if study.tune is None:
        return ()
    wanted = [arm for arm in study.tuned_arms if not arms or arm.name in arms]
    return tuple(
        Run(study.study, arm.name, seed, recipe, trial.name)
        for arm in wanted
        for trial in study.tune.trials
        for recipe in (trial_recipe(arm, trial, study.tune.epochs, catalog),)
        for seed in study.tune.seeds
    )


def trial_recipe(
    arm: Arm, trial: TuningTrial, epochs: int | None, catalog: Catalog | None = None
) -> AnyRecipe:
    """Return the recipe of one trial.  Without a catalogue its techniques cannot be built."""
    shorter = {} if epochs is None else {"training.epochs": epochs}
    return _changed(arm.recipe, {**shorter, **trial.values}, catalog)


def tuned(arm: Arm, values: Mapping[str, Any], catalog: Catalog | None = None) -> Arm:
    """Return the arm at the values that its search chose."""
    recipe = _changed(arm.recipe, values, catalog)
    return arm.model_copy(update={"recipe": recipe, "tuned": values})


def _changed(recipe: AnyRecipe, values: Mapping[str, Any], catalog: Catalog | None) -> AnyRecipe:
    context = None if catalog is None else {"catalog": catalog}
    settings = change(recipe.model_dump(mode="json"), values)
    changed = type(recipe).model_validate(settings, context=context)
    changed.__dict__["made_of"] = recipe.made_of
    return changed


def _check_arms(study: Study, arms: Collection[str]) -> None:
    for name in arms:
        if name not in study.arm_names:
            raise AblationsError(
                f'study {study.study}: no arm is called "{name}"; {suggest(name, study.arm_names)}'
            )
