"""Detect files outside the runs' directories that several runs of a study wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ablations.ledger.records import Result

SharedFiles = Mapping[str, Mapping[str, tuple[int, ...]]]
"""File → arm → seeds of the runs while which it was written."""


def shared_files(results: Iterable[Result]) -> SharedFiles:
    """Return the files that were written while two runs or more trained, by path."""
    wrote: dict[str, dict[str, list[int]]] = {}
    for result in results:
        for name in result.wrote:
            wrote.setdefault(name, {}).setdefault(result.arm, []).append(result.seed)
    return {
        name: {arm: tuple(sorted(seeds)) for arm, seeds in wrote[name].items()}
        for name in sorted(wrote)
        if sum(map(len, wrote[name].values())) > 1
    }
