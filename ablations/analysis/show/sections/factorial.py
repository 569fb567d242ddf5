"""Factorial effects: main effects and interactions of a full factorial design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ablations.analysis.infer.factorial import Contrast, FactorialEffects
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes
from ablations.analysis.show.comparisons import (
    SIZES,
    comparison_notes,
    correction_words,
    decimals,
    effect_cells,
    effect_columns,
    effect_size,
    settle_notes,
    verdict_words,
)
from ablations.study.metrics import Metric


def factorial(inference: Inference) -> Section | None:
    """Return main effects, then interactions: a contrast a row."""
    effects = inference.factorial
    if effects is None:
        return None
    metric = inference.answering_metric()
    columns = (
        *(Column(title) for title in ("contrast", "kind", "verdict")),
        *effect_columns(metric),
    )
    rows = tuple(
        (
            Cell(_name(contrast, effects.references)),
            Cell("main effect" if _is_main(contrast) else "interaction"),
            Cell(_verdict(contrast), style=contrast.comparison.verdict),
            *effect_cells(contrast.comparison, metric, len(inference.seeds)),
        )
        for contrast in effects.contrasts
    )
    texts = tuple(_notes(effects, inference))
    return Section("Factorial effects", (Table(columns, rows), *notes(texts)))


def factorial_sentences(inference: Inference) -> tuple[str, ...]:
    """Return the answer of a factorial design; nothing where no contrast has a verdict."""
    effects = inference.factorial
    if effects is None:
        return ()
    if all(contrast.comparison.verdict == "none" for contrast in effects.contrasts):
        return ()
    metric = inference.answering_metric()
    groups: dict[str, list[str]] = {}
    interacting = {
        level
        for contrast in effects.contrasts
        if not _is_main(contrast) and contrast.comparison.verdict in ("better", "worse")
        for level in contrast.levels.items()
    }
    for contrast in effects.contrasts:
        comparison, name = contrast.comparison, _name(contrast, effects.references)
        size = f" {effect_size(comparison, metric)}".rstrip()
        settled = comparison.verdict in ("better", "worse")
        if contrast.reverses and (settled or interacting & contrast.levels.items()):
            title = "Depends on the other factors"
            groups.setdefault(title, []).append(f"{name}, {_range(contrast, metric)}")
        elif comparison.verdict == "equivalent":
            groups.setdefault("No difference that matters", []).append(name)
        elif comparison.verdict not in ("better", "worse"):
            groups.setdefault("Not settled", []).append(name)
        elif _is_main(contrast):
            over = "averaged over the other factors, " if len(effects.references) > 1 else ""
            title = f"{over}{comparison.verdict}"
            groups.setdefault(title, []).append(name + size)
        else:
            title = f"Together {comparison.verdict} than the sum of both"
            groups.setdefault(title, []).append(name + size)
    said = (f"{title}: {_joined(names)}." for title, names in groups.items())
    return tuple(f"{each[0].upper()}{each[1:]}" for each in said)


def _range(contrast: Contrast, metric: Metric) -> str:
    """Return the lowest and the highest effect of a level, and of which arms they are."""
    ends = sorted(contrast.simple, key=lambda each: each.effect)
    digits = decimals(contrast.comparison, metric)
    unit = f" {formats.difference_unit(metric)}".rstrip()
    low, high = (
        f"{formats.difference(metric, each.effect, digits)}{unit} ({each.arm} minus "
        f"{each.reference})"
        for each in (ends[0], ends[-1])
    )
    return f"from {low} to {high}"


def _joined(names: Sequence[str]) -> str:
    """Join names, by semicolons where they hold commas."""
    if not any(", " in name for name in names):
        return formats.listed(names, 4)
    more = [f"{len(names) - 4} more"] if len(names) > 4 else []
    return "; ".join([*names[:4], *more])


def _is_main(contrast: Contrast) -> bool:
    return len(contrast.levels) == 1


def _name(contrast: Contrast, references: Mapping[str, str]) -> str:
    """Return ``activation elu (against sigmoid)``, or two levels joined by ×."""
    names = {path: f"{path.rsplit('.', 1)[-1]} {label}" for path, label in contrast.levels.items()}
    if _is_main(contrast):
        ((path, name),) = names.items()
        return f"{name} (against {references[path]})"
    return " × ".join(names.values())


def _verdict(contrast: Contrast) -> str:
    comparison = contrast.comparison
    if _is_main(contrast) or comparison.verdict not in ("better", "worse"):
        return verdict_words(comparison)
    return f"together {comparison.verdict} than the sum of both{SIZES[comparison.size]}"


def _notes(effects: FactorialEffects, inference: Inference) -> Iterator[str]:
    correction = correction_words(effects.contrasts[0].comparison)
    yield (
        "A main effect is the metric at a level minus that at the factor's first level, averaged "
        "over all levels of the other factors. An interaction is how much the one's effect grows "
        "when the other is there: a difference of differences, averaged over the rest. Each seed "
        f"gives one number; p: two-sided sign-flip test{correction}. "
        "Interactions of three or more factors are not tested."
    )
    reversing = [_name(each, effects.references) for each in effects.contrasts if each.reverses]
    if reversing:
        yield (
            "A main effect is a mean over cells of which some go up and others down for "
            f"{formats.listed(reversing, 6)}."
        )
    named = {
        _name(contrast, effects.references): contrast.comparison for contrast in effects.contrasts
    }
    yield from comparison_notes(named, inference.answering_metric())
    yield from settle_notes(named, inference.answering_metric())
    if effects.diverged:
        names = formats.listed(effects.diverged, 6)
        yield f"Diverged runs enter at what they score, those of {names}."
    if effects.incomplete:
        yield (
            f"A seed counts where every cell has a run: {effects.complete_seeds} of "
            f"{len(inference.seeds)} do. Cells that lack some: "
            f"{formats.listed(effects.incomplete, 6)}."
        )
