"""Name the files that several runs wrote, in words."""

from __future__ import annotations

from ablations.analysis.show.formats import listed, plural, seed_ranges
from ablations.ledger.shared_files import SharedFiles

MOST_NAMES = 3
REMEDY = (
    'Let each run write in its own directory: cwd: "{directory}" beside the command, or '
    "run.directory in a function."
)


def shared_sentence(shared: SharedFiles) -> str:
    """Return which files several runs wrote, and what to do about it."""
    runs = {(arm, seed) for of in shared.values() for arm, seeds in of.items() for seed in seeds}
    by_arm: dict[str, list[int]] = {}
    for arm, seed in sorted(runs):
        by_arm.setdefault(arm, []).append(seed)
    named = [f"{arm} {seed_ranges(seeds)}" for arm, seeds in by_arm.items()]
    verb = "was" if len(shared) == 1 else "were"
    return (
        f"{listed(list(shared), MOST_NAMES)} {verb} written outside the runs' directories while "
        f"{plural(len(runs), 'run')} trained (seeds: {listed(named, MOST_NAMES)}); runs that read "
        f"such a file go on from one another. {REMEDY}"
    )
