"""Take the looks of a study: judge, write down what leaves, say so."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from ablations.analysis.infer.looks import leaving
from ablations.analysis.read.collect import collect, read_record
from ablations.errors import AblationsError
from ablations.execution.session import Prepared
from ablations.ledger.looks import Looks, Reason, read_looks, record_look, record_shown
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.standing import classify_all, counted
from ablations.study.expand import expand
from ablations.study.recipe import DataRecipe
from ablations.study.schema import Study


def take_look(prepared: Prepared, say: Callable[[str], None]) -> bool:
    """Take the look to come if all its runs are finished; return whether another is to be trained.

    Verdicts that are there to be seen are noted with what was asked.
    """
    comparison = prepared.comparison()
    study, looks = comparison.tuned.study, prepared.looks(comparison.tuned)
    waits_for = prepared.waits_for(comparison.tuned)
    if looks.taken or not (study.looks or waits_for):
        record_shown(looks, study.seeds)
    if not study.looks or looks.over:
        return False
    n = len(looks.next_seeds)
    if waits_for:
        say(f"{study.study}: the look at {n} seeds waits for {counted(waits_for)}")
        return False
    left = leaving(collect(prepared.options.runs, study.study))
    weight = study.look_weights[len(looks.taken)]
    looks = record_look(looks, looks.next_seeds, weight, left)
    say(f"{study.study}: look at {n} seeds: {_words(left)}; {_what_follows(looks)}")
    return not looks.over


def note_shown(runs: Path, name: str) -> None:
    """Note what a study's complete runs are asked, as they are about to be shown.

    Nothing is noted where that is known, or where nothing can be written: who shows them goes on,
    and says what is wrong with them.
    """
    with contextlib.suppress(AblationsError):
        root = RunsDirectory(runs)
        study = read_record(runs, name)
        looks = read_looks(study, root.looks(name))
        if study.looks and not looks.taken:
            return
        if seeds := _seeds_shown(study, root):
            record_shown(looks, seeds)


def _seeds_shown(study: Study, root: RunsDirectory) -> tuple[int, ...]:
    """Return the seeds at which all arms are finished; none where a run is to come.

    None is to come of results that were imported: there, those of the arm with the most runs.
    """
    digests: dict[DataRecipe, str | None] = defaultdict(lambda: None)
    standings = classify_all(expand(study), root, digests)
    if study.imported:
        finished = [s.run for s in standings if s.finished]
        by_arm = [tuple(r.seed for r in finished if r.arm == arm) for arm in study.arm_names]
        return max(by_arm, key=len)
    return study.seeds if all(standing.finished for standing in standings) else ()


def _words(left: Mapping[str, Reason]) -> str:
    return ", ".join(f"{arm} {reason}" for arm, reason in left.items()) or "no arm is settled"


def _what_follows(looks: Looks) -> str:
    if looks.over:
        return "no look is to come"
    arms = len(looks.study.arms) - 1 - len(looks.left)
    go_on = "1 arm goes on" if arms == 1 else f"{arms} arms go on"
    return f"{go_on} to {len(looks.next_seeds)} seeds"
