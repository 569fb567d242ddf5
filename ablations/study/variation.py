"""Which settings vary between the arms of a study."""

from __future__ import annotations

from ablations.study.schema import Study
from ablations.study.settings import flatten, short

Setting = str | float | bool


def varied_settings(study: Study) -> dict[str, dict[str, Setting]]:
    """Return dotted path → arm → value, for the settings that are not the same in all arms.

    A technique that an arm does without is called ``none``; a parameter that an arm's technique
    lacks is left out.
    """
    flat = {arm.name: flatten(arm.recipe.science()) for arm in study.arms}
    paths = dict.fromkeys(path for settings in flat.values() for path in settings)
    for settings in flat.values():
        for path in [path for path, value in settings.items() if value is None]:
            if f"{path}.name" in paths:
                del settings[path]
                settings[f"{path}.name"] = "none"
    varied = [path for path in paths if len({short(s.get(path)) for s in flat.values()}) > 1]
    return {
        path: {arm: _plain(s[path]) for arm, s in flat.items() if path in s}
        for path in varied
        if any(path in settings for settings in flat.values())
    }


def settings_of(study: Study, arm: str) -> dict[str, Setting]:
    """Return the varied settings of one arm: dotted path → value."""
    return {path: values[arm] for path, values in varied_settings(study).items() if arm in values}


def _plain(value: object) -> Setting:
    return value if isinstance(value, (bool, int, float)) else short(value)
