"""Looks: when the study was judged, what left and why, and the runs that this saved."""

from __future__ import annotations

from collections.abc import Iterator

from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.looks import FUTILE
from ablations.analysis.infer.looks_taken import LooksTaken, LookTaken, error_of_looks
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Paragraph, Section, notes, text_table
from ablations.ledger.changes import Changes

TITLE = "Looks"
MOST_NAMED = 5
_NAMES = {"replicates": "kind of replicates"}
REASONS = ("better", "worse", "equivalent", "futile")


def looks(inference: Inference) -> Section | None:
    """Return each look; nothing where the study declares none and was looked at once, as it is."""
    found = inference.looks
    if found is None:
        return None
    rows, notice = tuple(_rows(found)), looks_notice(found)
    table = text_table(("seeds", "taken", "error it may have", "left"), rows)
    tables = (table,) if found.declared or len(rows) > 1 else ()
    sentences = (*([notice] if notice else []), *_saved(found))
    quiet = notes(tuple(_how_to_read(inference, found))) if found.declared else ()
    return Section(TITLE, (*tables, *map(Paragraph, sentences), *quiet))


def looks_notice(found: LooksTaken) -> str:
    """Return that the study was looked at more often than it declares, or asked otherwise before.

    Empty where it was not.
    """
    changed = _changed(found.changes) if found.changes else ()
    return " ".join((*([_error_of(found)] if found.error is not None else []), *changed))


def _changed(changes: Changes) -> Iterator[str]:
    """Yield what was another when verdicts were shown: a setting, or the arms."""
    for change in changes.settings:
        values = formats.listed(list(change.before), MOST_NAMED)
        days = dict.fromkeys(at[:10] for at in change.before.values())
        shown = formats.listed(list(days), MOST_NAMED)
        setting = _NAMES.get(change.setting, change.setting)
        yield (
            f"The {setting} was {values} when the verdicts were shown on {shown}, "
            f"and is {change.now} now."
        )
    arms = {"added": changes.added, "removed": changes.removed, "changed": changes.altered}
    named = [f"{what} {formats.listed(names, MOST_NAMED)}" for what, names in arms.items() if names]
    if named:
        yield f"Arms since the verdicts were shown on {changes.first[:10]}: {'; '.join(named)}."


def _error_of(found: LooksTaken) -> str:
    counts = sorted({look.n for look in found.taken if look.level is None})
    before = ", before looks were declared" if found.declared else ""
    seen = formats.listed([str(n) for n in counts], len(counts))
    return f"Looked at n = {seen}{before}: error up to about {formats.number(found.error, 1)}."


def _rows(found: LooksTaken) -> Iterator[tuple[str, ...]]:
    for look in found.taken:
        level = "not declared" if look.level is None else _error(look.level)
        yield f"{look.n}", _minute(look.at), level, _left(look)
    declared = sum(look.level is not None for look in found.taken)
    if not found.over:
        to_come = zip(found.declared[declared:], found.weights[declared:], strict=True)
        for n, weight in to_come:
            yield f"{n}", "to come", _error(weight * LEVEL), formats.NOTHING


def _minute(at: str) -> str:
    """Return ``2026-11-24 04:26 UTC``, as the record is in."""
    return f"{at[:16].replace('T', ' ')} UTC"


def _error(level: float) -> str:
    return f"{formats.number(level, 2)} ({level / LEVEL:.0%} of {LEVEL})"


def _left(look: LookTaken) -> str:
    """Return the arms that left, by reason."""
    groups = {reason: [a for a, why in look.left.items() if why == reason] for reason in REASONS}
    parts = [f"{why}: {', '.join(arms)}" for why, arms in groups.items() if arms]
    return "; ".join(parts) or formats.NOTHING


def _saved(found: LooksTaken) -> Iterator[str]:
    if found.declared and found.over:
        saved = 1 - found.runs / found.fixed_runs
        yield (
            f"{formats.plural(found.runs, 'run')} in place of the {found.fixed_runs:,} that every "
            f"arm at {formats.plural(found.declared[-1], 'seed')} takes: {saved:.0%} saved."
        )


def _how_to_read(inference: Inference, found: LooksTaken) -> Iterator[str]:
    yield (
        "An arm is judged by the seeds of the last look at which it was compared, at the error of "
        "that look: by step-down max-T at the first (or Holm, where the study says so), by Holm "
        "over the arms not rejected before at a later one. It leaves when better, worse or "
        f"equivalent, or futile: less than {FUTILE:.0%} probable to be settled by the last look. "
        "One that left as futile is not settled."
    )
    if inference.claims:
        error = formats.number(error_of_looks(found.declared), 1)
        yield (
            "Claims are judged by the seeds that both arms have, at the full 5% whenever that is: "
            f"error up to about {error}."
        )
