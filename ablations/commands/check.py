"""``ablations check``: a gate for CI, by the comparisons of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ablations.analysis.infer.gate import Gated, against_control, against_earlier
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.read.collect import Collected, collect
from ablations.analysis.read.earlier import EarlierArm, read_earlier
from ablations.analysis.read.left_out import OTHER_CODE, LeftOut
from ablations.analysis.show import formats
from ablations.analysis.show.comparisons import decimals, numbers_of_runs, verdict_words
from ablations.commands import studies
from ablations.commands.asked import CHANGED, again, was_changed
from ablations.commands.looks import note_shown
from ablations.commands.options import Options
from ablations.commands.seeds import as_declared
from ablations.commands.status import standings_of
from ablations.errors import AblationsError
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.standing import Standing, counted
from ablations.study.schema import Study

NONE_WORSE, SOME_WORSE, NOT_SETTLED = 0, 1, 3


def check(study: str, sets: tuple[str, ...], against: Path | None, options: Options) -> int:
    """Print a line for each arm, and return the exit status.

    0 where no arm is worse, 1 where some is worse by the margin, 3 where that is not settled.

    Raises:
        AblationsError: the study was not run, or ``against`` holds none of its results.
    """
    found = [
        finding
        for each in studies.load_kept(study, studies.overrides_of(study, sets), options.runs)
        for finding in _check(each, against, options)
    ]
    if "worse" in found:
        return SOME_WORSE
    return NOT_SETTLED if "not_settled" in found else NONE_WORSE


def _check(study: Study, against: Path | None, options: Options) -> Iterator[str]:
    """Print the lines of one study; yield what each arm was found to be."""
    name, declared = study.study, as_declared(study, options.runs)
    note_shown(options.runs, name)
    collected = collect(options.runs, name)
    if was_changed(declared, collected.study):
        files = _changed(standings_of(declared, options)[1])
        print(f"{name}: not settled: {CHANGED}{files}; wants {again('run', name, options.runs)}")
        yield "not_settled"
        return
    missing = {} if study.imported else _missing(declared, options)
    other_code = _of_other_code(collected)
    arms: Sequence[str]
    if against is None:
        gated = against_control(collected)
        beside = f"than {collected.study.control}"
        arms = [arm for arm in collected.study.arm_names if arm != collected.study.control]
    else:
        same = (options.runs, RunsDirectory(options.runs).study(name))
        if against.is_dir() and any(map(against.samefile, same)):
            raise AblationsError(f"--against {against}: holds these very runs; wants earlier ones")
        earlier = read_earlier(against, collected)
        arms, beside = _common(collected, earlier, against), f"than in {against}"
        gated = against_earlier(collected, earlier)
    command = again("run", name, options.runs)
    for each in gated:
        both = (each.arm, collected.study.control)
        lacks = (where.get(arm, "") for where in (missing, other_code) for arm in both)
        lacking = next(filter(None, lacks), "")
        finding = "not_settled" if lacking and each.finding == "not_worse" else each.finding
        what = lacking and f"{lacking}; {command}"
        print(f"{name}: {_line(each, finding, collected, beside, what)}")
        yield finding
    if not arms:
        wanted = "a second arm, or --against what was before" if against is None else "its arms"
        raise AblationsError(f"{name}: there is no arm to compare; wants {wanted}")


def _common(
    collected: Collected, earlier: Mapping[str, EarlierArm], against: Path
) -> Sequence[str]:
    """Return the arms that there were before; say which there were not.

    Raises:
        AblationsError: there is none.
    """
    name, arms = collected.study.study, collected.study.arm_names
    common = [arm for arm in arms if arm in earlier]
    if not common:
        known = ", ".join(earlier) or "none"
        raise AblationsError(f"--against {against}: has no arm of {name}; it has {known}")
    for arm in arms:
        if arm not in earlier:
            print(f"{name}: {arm}: is new; nothing in {against} to compare it with")
    for arm in earlier:
        if arm not in arms:
            print(f"{name}: {arm}: is in {against} alone")
    return common


def _missing(study: Study, options: Options) -> dict[str, str]:
    """Return arm → what is not there of its runs: ``2 pending``."""
    _, standings = standings_of(study, options)
    by_arm: dict[str, list[Standing]] = {}
    for standing in standings:
        if not standing.finished:
            by_arm.setdefault(standing.run.arm, []).append(standing)
    return {arm: f"{counted(lacking)}{_changed(lacking)}" for arm, lacking in by_arm.items()}


def _changed(lacking: Iterable[Standing]) -> str:
    """Return why runs are stale, in parentheses, where files of the user's are known for it."""
    reasons = dict.fromkeys(standing.reason for standing in lacking if standing.changed)
    return f" ({'; '.join(reasons)})" if reasons else ""


def _of_other_code(collected: Collected) -> dict[str, str]:
    """Return arm → how many of its runs are of other code than the control's, and of which."""
    found: dict[str, list[LeftOut]] = {}
    for entry in collected.left_out:
        if entry.kind == OTHER_CODE:
            found.setdefault(entry.arm, []).append(entry)
    return {
        arm: f"{sum(len(e.seeds) for e in entries)} of other code ({entries[0].reason})"
        for arm, entries in found.items()
    }


_WORDS = {
    "worse": "WORSE by the margin",
    "not_worse": "not worse by the margin",
    "not_settled": "NOT SETTLED whether worse by the margin",
}


def _line(gated: Gated, finding: str, collected: Collected, beside: str, lacking: str) -> str:
    """Return what was found of an arm, and why."""
    metric, comparison = collected.study.answering_metric, gated.comparison
    parts = [f"{gated.arm}: {_WORDS[finding]} {beside}: {verdict_words(comparison)}"]
    if comparison.effect is not None:
        unit = formats.difference_unit(metric)
        size = formats.difference(metric, comparison.effect, decimals(comparison, metric))
        effect = f"{metric.label} {size} {unit}".strip()
        ends = formats.interval(metric, comparison.interval)
        parts.append(f"{effect} (95%: {ends}), {_runs(comparison)}")
        parts.append(f"margin {formats.magnitude(metric, collected.study.margin)}")
    if lacking:
        parts.append(f"runs missing: {lacking}")
    elif finding == "not_settled":
        parts += _what_settles(gated)
    return "; ".join(parts)


def _runs(comparison: Comparison) -> str:
    if comparison.n_reference is None:
        return formats.plural(comparison.n, "seed")
    return f"{numbers_of_runs(comparison)} independent runs"


def _what_settles(gated: Gated) -> list[str]:
    comparison = gated.comparison
    unit = "seeds" if comparison.replicates == "paired" else "runs an arm"
    if comparison.too_few_pairs:
        return [f"a verdict takes at least {comparison.pairs_needed} {unit}"]
    more = comparison.settle.more_seeds if comparison.settle else None
    settles = f"about {more} more {unit} would probably settle an effect of that size"
    return [settles] if more else []
