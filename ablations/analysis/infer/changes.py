"""What each arm changes of the control: every setting of the two recipes that differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ablations.study.schema import Study
from ablations.study.settings import differences


@dataclass(frozen=True)
class SettingChange:
    """A setting in which an arm differs from the control."""

    setting: str
    """Dotted path."""
    control: Any
    arm: Any


@dataclass(frozen=True)
class ArmChanges:
    """All settings in which an arm differs from the control; none for a copy of it."""

    arm: str
    changes: tuple[SettingChange, ...]


def arm_changes(study: Study) -> tuple[ArmChanges, ...]:
    """Return what each arm but the control changes.

    Nothing where the control is no arm, or where the results were imported: no table
    says.
    """
    if study.imported or study.control not in study.arm_names:
        return ()
    control = study.arm(study.control).recipe.without_telemetry()
    return tuple(
        ArmChanges(
            arm.name,
            tuple(
                SettingChange(setting, *values)
                for setting, values in differences(control, arm.recipe.without_telemetry()).items()
            ),
        )
        for arm in study.arms
        if arm.name != study.control
    )
