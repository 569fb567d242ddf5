"""Changes of a study's question since verdicts of the same runs were shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablations.study.schema import Study

if TYPE_CHECKING:
    from ablations.ledger.looks import Look


@dataclass(frozen=True)
class Change:
    """A setting of a study that was another when its verdicts were shown before."""

    setting: str
    """``metric``, ``margin``, ``control``, ``correction`` or ``replicates``."""
    before: Mapping[str, str]
    """Each earlier value → when verdicts were first shown at it, in ISO 8601."""
    now: str


@dataclass(frozen=True)
class Changes:
    """Differences between a study's question and those of verdicts that were shown before."""

    first: str
    """When verdicts of another question were first shown, in ISO 8601."""
    settings: tuple[Change, ...]
    added: tuple[str, ...]
    """Arms that were not compared each time."""
    removed: tuple[str, ...]
    """Arms that were compared then, and are no longer."""
    altered: tuple[str, ...]
    """Arms that had other settings."""


_SETTINGS = ("metric", "margin", "control", "correction", "replicates")


def changes_since(looks: Sequence[Look], study: Study, arms: Mapping[str, str]) -> Changes | None:
    """Return what the looks asked that the study asks otherwise now; None where there is nothing.

    Looks count at two or more of the same arms (name → hash of the recipe), at some of its seeds.
    """
    seeds = set(study.seeds)
    of_same_runs = (
        look
        for look in looks
        if not seeds.isdisjoint(look.seeds) and len(look.arms.items() & arms.items()) > 1
    )
    others = [look for look in of_same_runs if look.arms != arms or any(_differing(look, study))]
    if not others:
        return None
    before: dict[str, dict[str, str]] = {}
    for look in others:
        for setting in _differing(look, study):
            before.setdefault(setting, {}).setdefault(_written(look, setting), look.at)
    seen = {arm: digest for look in others for arm, digest in look.arms.items()}
    return Changes(
        first=others[0].at,
        settings=tuple(
            Change(setting, before[setting], _written(study, setting))
            for setting in _SETTINGS
            if setting in before
        ),
        added=tuple(arm for arm in arms if any(arm not in look.arms for look in others)),
        removed=tuple(arm for arm in seen if arm not in arms),
        altered=tuple(
            arm
            for arm, digest in arms.items()
            if any(look.arms.get(arm, digest) != digest for look in others)
        ),
    )


def _differing(look: Look, study: Study) -> Iterator[str]:
    """Yield the settings that a look had otherwise; a margin is in the unit of its metric."""
    for setting in _SETTINGS:
        before, now = getattr(look, setting), getattr(study, setting)
        other_unit = setting == "margin" and look.metric != study.metric
        if before not in (None, "", now) and not other_unit:
            yield setting


def _written(of: Look | Study, setting: str) -> str:
    value = getattr(of, setting)
    return f"{value:.12g}" if isinstance(value, float) else str(value)
