"""Which runs TensorBoard's older dashboards select while a reader has selected none.

Custom Scalars, Images, Text, Histograms and Distributions select all runs up to a number, and none
above it: there, a study of many runs looks empty.
"""

from __future__ import annotations

from ablations.plugin.open_study import OpenStudy
from ablations.study.expand import run_path
from ablations.study.schema import SUMMARY

MOST_SELECTED_BY_ITSELF = 40
"""``maxNamesToEnableByDefault`` in TensorBoard's ``tf-multi-checkbox``."""


def selection(study: OpenStudy) -> list[str]:
    """Return names of runs as TensorBoard has them; none where it selects all by itself.

    They are the study's own, with its texts and figures, its arms' summaries with the bands, and
    each arm's run of the first seed, with histograms.
    """
    collected, name = study.collected(), study.name
    arms, first = collected.study.arm_names, min(collected.study.seeds)
    count = 1 + len(arms) + len(collected.standings) + len(collected.trials)
    if study.is_alone and count <= MOST_SELECTED_BY_ITSELF:
        return []
    below = [
        *(f"{name}/{SUMMARY}/{arm}" for arm in arms),
        *(run_path(name, arm, first) for arm in arms),
    ]
    if not study.is_alone:
        return [name, *below]
    return [".", *(path.removeprefix(f"{name}/") for path in below)]
