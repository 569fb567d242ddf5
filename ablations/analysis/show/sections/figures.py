"""Figures: effects, every run, learning curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Figure, Section
from ablations.analysis.show.figures.curves import learning_curves
from ablations.analysis.show.figures.effects import effects
from ablations.analysis.show.figures.runs import every_run

FIGURES: tuple[Callable[[Inference], Iterable[Figure]], ...] = (
    effects,
    every_run,
    learning_curves,
)
"""In the order of the page."""


def figures(inference: Inference) -> Section | None:
    """Return all figures for which there are numbers."""
    drawn = tuple(figure for draw in FIGURES for figure in draw(inference))
    return Section("Figures", drawn) if drawn else None
