"""Which settings vary between the arms of a study."""

from __future__ import annotations

from ablations.study.schema import Study
from ablations.study.settings import flatten, short

Setting = str | float | bool


def varied_settings(study: Study) -> dict[str, dict[str, Setting]]:
    """Return arm → dotted path → value, for the settings that are not the same in all arms.

    The techniques' names come first, then learning rates, then the rest.  A technique that an
    arm does without is called ``none``.
    """
    flat = {arm.name: flatten(arm.recipe.science()) for arm in study.arms}
    paths = dict.fromkeys(path for settings in flat.values() for path in settings)
    for settings in flat.values():
        for path in [path for path, value in settings.items() if value is None]:
            if f"{path}.name" in paths:
                del settings[path]
                settings[f"{path}.name"] = "none"
    varied = [path for path in paths if len({short(s.get(path)) for s in flat.values()}) > 1]
    varied.sort(key=_rank)
    return {
        arm: {path: _plain(settings[path]) for path in varied if path in settings}
        for arm, settings in flat.items()
    }


def _rank(path: str) -> int:
    last = path.rsplit(".", 1)[-1]
    return {"name": 0, "learning_rate": 1}.get(last, 2)


def _plain(value: object) -> Setting:
    return value if isinstance(value, (bool, int, float)) else short(value)
