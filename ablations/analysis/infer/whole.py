"""A study over several data sets, or values of another setting: what its parts show together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.ranks import MeanRanks, mean_ranks


@dataclass(frozen=True)
class Whole:
    """What the parts of a study show together."""

    study: str
    path: str
    """The dotted path of the setting that differs from part to part."""
    parts: Mapping[str, Inference]
    """Label → what the part shows, in the order of the file; all ask the same of the same arms."""
    missing: tuple[str, ...]
    """Labels of the parts that were never run."""
    differing: tuple[str, ...]
    """Labels of the parts that were run with other arms, control, metric or margin."""
    ranks: MeanRanks | None
    """Over the parts in which every arm has a run in common with the control; None below two."""

    @property
    def first(self) -> Inference:
        """One that stands for all parts."""
        return next(iter(self.parts.values()))


def wholes(inferences: Iterable[Inference]) -> Iterator[Whole]:
    """Put the parts of studies together; what is no part is left out."""
    studies: dict[tuple[str, str], list[Inference]] = {}
    for inference in inferences:
        if inference.part:
            studies.setdefault((inference.part.of, inference.part.path), []).append(inference)
    for (study, path), parts in studies.items():
        yield _whole(study, path, parts)


def _whole(study: str, path: str, found: Iterable[Inference]) -> Whole:
    by_label = {each.part.label: each for each in found if each.part}
    labels = next(each.part.labels for each in by_label.values() if each.part)
    known = [label for label in labels if label in by_label]
    known += [label for label in by_label if label not in labels]
    same = [label for label in known if _asked(by_label[label]) == _asked(by_label[known[0]])]
    parts = {label: by_label[label] for label in same}
    effects = {label: effects_by_arm(part) for label, part in parts.items()}
    complete = {
        label: of_part
        for label, of_part in effects.items()
        if len(of_part) == len(parts[label].arms)
    }
    return Whole(
        study=study,
        path=path,
        parts=parts,
        missing=tuple(label for label in labels if label not in by_label),
        differing=tuple(label for label in known if label not in same),
        ranks=mean_ranks(complete, parts[same[0]].better),
    )


def _asked(inference: Inference) -> tuple[object, ...]:
    arms = tuple(arm.arm for arm in inference.arms)
    return arms, inference.control, inference.metric, inference.margin


def effects_by_arm(inference: Inference) -> dict[str, float]:
    """Return arm → its effect, of those that have one; the control's is 0.

    Effects order arms as their means do where all have the same seeds, and fairly where they lack
    some; a diverged run enters at what it scores.
    """
    others = {arm.arm: arm.comparison.effect for arm in inference.arms if arm.comparison}
    effects = {inference.control: 0.0, **others}
    return {arm: effect for arm, effect in effects.items() if effect is not None}
