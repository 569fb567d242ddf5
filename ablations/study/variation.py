"""Which settings vary between the arms of a study."""

from __future__ import annotations

from ablations.study.schema import Study
from ablations.study.settings import flatten, short


def varied_settings(study: Study) -> dict[str, dict[str, str | float | bool]]:
    """Return arm → setting → value, for the settings that are not the same in all arms."""
    flat = {arm.name: flatten(arm.recipe.science()) for arm in study.arms}
    paths = dict.fromkeys(path for settings in flat.values() for path in settings)
    varied = [path for path in paths if len({short(s.get(path)) for s in flat.values()}) > 1]
    return {
        arm: {path: _plain(settings[path]) for path in varied if path in settings}
        for arm, settings in flat.items()
    }


def _plain(value: object) -> str | float | bool:
    return value if isinstance(value, (bool, int, float)) else short(value)
