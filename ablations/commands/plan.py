"""``ablations plan``: the runs that a study would make."""

from __future__ import annotations

from ablations.commands import display, studies
from ablations.execution import facts
from ablations.execution.catalog import CATALOG
from ablations.execution.session import Options as Options
from ablations.ledger.searches import compared, settle


def plan(study: str, sets: tuple[str, ...], options: Options) -> None:
    """Print the runs that a study would make."""
    loaded = studies.load(study, studies.parse_overrides(sets))
    known = facts.describe_data(loaded, options.data_directory)
    parameters = facts.count_parameters(loaded.arms, known)
    facts.check_transfers(loaded.arms, known, loaded.seeds)
    digests = {data: fact.digest for data, fact in known.items()}
    absent = sorted({data.name for data, digest in digests.items() if digest is None})
    searched = settle(loaded, options.runs, digests, CATALOG)
    entries = compared(searched, options.runs, digests)
    display.print_plan(searched, entries, parameters, absent)
