"""The seeds of a study: those that are asked for, and whether they can give a verdict at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ablations.analysis.infer.corrections import can_be_significant, pairs_needed
from ablations.analysis.infer.looks import LookRule
from ablations.commands.options import Options
from ablations.errors import AblationsError
from ablations.execution import facts
from ablations.execution.catalog import CATALOG
from ablations.ledger.looks import declared_seeds
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.searches import settle
from ablations.ledger.standing import classify_all
from ablations.study.budgets import MOST_RUNS, too_many
from ablations.study.expand import expand
from ablations.study.schema import Study


def as_declared(study: Study, runs: Path) -> Study:
    """Return the study with the seeds that ``--seeds`` declared for a runs directory, if it did.

    Looks that the study file declares since may go on to more.

    Raises:
        AblationsError: the study file's last look is at fewer seeds.
    """
    count = declared_seeds(RunsDirectory(runs).looks(study.study))
    if count is None or (study.looks and study.looks[-1] > count):
        return study
    return with_seeds(study, count)


def say_declared(
    written: Study, declared: Study, runs: Path, say: Callable[[str], None] = print
) -> None:
    """Say that the study file says other seeds than were declared, if it does."""
    if written.seeds != declared.seeds:
        seeds = "1 seed" if len(declared.seeds) == 1 else f"{len(declared.seeds)} seeds"
        place = RunsDirectory(runs).study(written.study)
        say(f"{written.study}: {seeds}, as run --seeds declared for {place}")


def declare(study: Study, count: int, options: Options, say: Callable[[str], None]) -> Study:
    """Return the study with the seeds 0 to ``count`` − 1, or those that there are, if more.

    A larger number later is a second look; a smaller one would leave out what was seen already.

    Raises:
        AblationsError: the study's last look is at another number of seeds.
    """
    root = RunsDirectory(options.runs)
    before, trained = declared_seeds(root.looks(study.study)) or 0, _most_trained(study, options)
    if count < max(before, trained):
        why = f"declares {before}" if before >= trained else f"holds runs of {trained}"
        say(
            f"--seeds {count}: {root.study(study.study)} {why} seeds, and none is left out once "
            "seen: they stay; another --runs has seeds of its own"
        )
    return with_seeds(study, max(count, before, trained))


def _most_trained(study: Study, options: Options) -> int:
    """Return how many seeds, from 0, hold every finished run of those that the study declares."""
    digests, runs = facts.digests(study, options.data_directory), RunsDirectory(options.runs)
    tuned = settle(study, runs, digests, CATALOG)
    standings = classify_all(expand(tuned.study), runs, digests)
    return 1 + max((s.run.seed for s in standings if s.finished), default=-1)


def with_seeds(study: Study, count: int) -> Study:
    """Return the study with the seeds 0 to ``count`` − 1.

    Raises:
        AblationsError: its last look is at another number of seeds, or the runs are too many.
    """
    if (runs := len(study.arms) * count) > MOST_RUNS:
        raise AblationsError(f"--seeds {count}: {too_many('runs', runs, MOST_RUNS)}")
    if study.looks and study.looks[-1] != count:
        raise AblationsError(
            f"--seeds {count}: {study.study} declares its last look at {study.looks[-1]} seeds; "
            "wants that number, other looks in the study file, or another --runs"
        )
    return study.model_copy(update={"seeds": tuple(range(count))})


def too_few_seeds(study: Study) -> str:
    """Return why no verdict is possible and what would do; empty where one is, or none is asked."""
    seeds, comparisons = len(study.seeds), len(study.arms) - 1
    if comparisons < 1:
        return ""
    if study.looks:
        return "; ".join(_too_few_for_looks(study, comparisons))
    independent = study.replicates == "independent"
    reference = seeds if independent else None
    if can_be_significant(seeds, comparisons, study.correction, reference=reference):
        return ""
    needed = pairs_needed(comparisons, study.correction, independent=independent)
    count = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return f"{count} cannot settle a comparison; {needed} can: --seeds {needed}"


def _too_few_for_looks(study: Study, comparisons: int) -> Iterator[str]:
    """Yield the looks that cannot settle anything, were no arm settled before."""
    for number, n in enumerate(study.looks):
        rule = LookRule(study, number)
        if not can_be_significant(n, comparisons, rule.correction, rule.level):
            needed = pairs_needed(comparisons, rule.correction, rule.level)
            yield f"a look at {n} seeds cannot settle a comparison; one at {needed} can"
