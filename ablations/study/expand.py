"""From a study to its runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ablations.errors import AblationsError, suggest
from ablations.study.schema import Recipe, Study


@dataclass(frozen=True)
class Run:
    """Study × arm × seed: one training, one directory, one result."""

    study: str
    arm: str
    seed: int
    recipe: Recipe

    def __str__(self) -> str:
        return f"{self.study}/{self.arm}/seed-{self.seed}"


def expand(
    study: Study, arms: Collection[str] = (), seeds: Collection[int] = ()
) -> tuple[Run, ...]:
    """Return the runs of a study, or of some of its arms and seeds; all seeds of an arm together.

    Raises:
        AblationsError: the study has no such arm.
    """
    for name in arms:
        if name not in study.arm_names:
            raise AblationsError(
                f'study {study.study}: no arm is called "{name}"; {suggest(name, study.arm_names)}'
            )
    wanted = [arm for arm in study.arms if not arms or arm.name in arms]
    return tuple(
        Run(study.study, arm.name, seed, arm.recipe)
        for arm in wanted
        for seed in (sorted(set(seeds)) or study.seeds)
    )
