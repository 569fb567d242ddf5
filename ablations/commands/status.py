"""``ablations status``: what is done, running, stale, diverged, failed and pending."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.commands import display, studies
from ablations.errors import StudyError
from ablations.execution import facts
from ablations.execution.catalog import CATALOG
from ablations.execution.session import Options as Options
from ablations.ledger.searches import compared, settle
from ablations.ledger.standing import Entry
from ablations.study.schema import TUNING, Study


def status(study: str | None, options: Options) -> None:
    """Print the states of one study's runs by arm, or of all studies."""
    if study is not None:
        loaded = studies.load(study)
        trials, runs = _states(loaded, options)
        rows = [(f"{TUNING}/{arm.name}", _of(arm.name, trials)) for arm in loaded.tuned_arms]
        rows += [(arm, _of(arm, runs)) for arm in loaded.arm_names]
        display.print_status(rows, "arm")
        return
    found, problems = studies.load_all()
    states = [(each.study, _states(each, options)) for each in found]
    display.print_status([(name, [*trials, *runs]) for name, (trials, runs) in states], "study")
    if problems:
        raise StudyError(problems)


def _states(study: Study, options: Options) -> tuple[list[Entry], list[Entry]]:
    """Return the runs of the tuning and those of the comparison."""
    digests = facts.digests(study, options.data_directory)
    searched = settle(study, options.runs, digests, CATALOG)
    return list(searched.trials), compared(searched, options.runs, digests)


def _of(arm: str, entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.run.arm == arm]
