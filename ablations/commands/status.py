"""``ablations status``: what is done, running, stale, diverged, failed and pending."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.commands import display, studies
from ablations.commands.options import Options
from ablations.commands.seeds import as_declared, say_declared
from ablations.errors import StudyError
from ablations.execution import facts
from ablations.execution.catalog import CATALOG
from ablations.ledger.looks import read_looks
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.searches import settle
from ablations.ledger.standing import Standing, classify_all
from ablations.study.expand import expand
from ablations.study.schema import TUNING, Study


def status(study: str | None, sets: tuple[str, ...], options: Options) -> None:
    """Print the states of one study's runs by arm, or of all studies and of variants that ran.

    Raises:
        AblationsError: ``sets`` without a study whose variant is meant.
    """
    overrides = studies.overrides_of(study, sets)
    if study is not None:
        for each in studies.load_kept(study, overrides, options.runs):
            loaded = as_declared(each, options.runs)
            trials, runs = standings_of(loaded, options)
            rows = [(f"{TUNING}/{arm.name}", _of(arm.name, trials)) for arm in loaded.tuned_arms]
            rows += [(arm, _of(arm, runs)) for arm in loaded.arm_names]
            display.print_status(rows, f"{loaded.part.label}: arm" if loaded.part else "arm")
            say_declared(each, loaded, options.runs)
        return
    found, problems = studies.load_all(options.runs)
    found += studies.variants(options.runs, found)
    declared = (as_declared(each, options.runs) for each in found)
    standings = [(each.study, standings_of(each, options)) for each in declared]
    display.print_status([(name, [*trials, *runs]) for name, (trials, runs) in standings], "study")
    if problems:
        raise StudyError(problems)


def standings_of(
    study: Study, options: Options
) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
    """Return the standings of the search's runs and of the comparison's."""
    digests, runs = facts.digests(study, options.data_directory), RunsDirectory(options.runs)
    tuned = settle(study, runs, digests, CATALOG)
    looks = read_looks(tuned.study, runs.looks(study.study))
    return tuned.trials, classify_all(filter(looks.wants, expand(tuned.study)), runs, digests)


def _of(arm: str, standings: Sequence[Standing]) -> list[Standing]:
    return [standing for standing in standings if standing.run.arm == arm]
