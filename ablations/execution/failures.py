"""Whether what is left of a session would fail as all of its runs before it have."""

from __future__ import annotations

import re
from collections.abc import Set

from ablations.execution.worker import Outcome

ENOUGH = 6
"""Runs that have failed for one reason, none having come to a result."""
_NUMBER = re.compile(r"0x[\da-f]+|[\d.]+(e[+-]?\d+)?")


class Failures:
    """The runs of a session that have failed, as long as none has come to a result."""

    def __init__(self) -> None:
        self._count, self._arms = 0, set[str]()
        self._reasons = set[str]()
        self._some_result = False

    def add(self, outcome: Outcome) -> None:
        """Note what became of a run; one that another process trains tells nothing."""
        if outcome.result is None:
            return
        if outcome.result.status != "failed":
            self._some_result = True
        self._count += 1
        self._arms.add(outcome.job.arm)
        self._reasons.add(_without_its_own(outcome))

    @property
    def arms(self) -> Set[str]:
        """The arms that have failed so far; none once some run has come to a result."""
        return set() if self._some_result else self._arms

    @property
    def are_all_alike(self) -> bool:
        """Whether enough runs have failed, all of them for one reason."""
        alike = self._count >= ENOUGH and len(self._reasons) == 1
        return alike and not self._some_result


def _without_its_own(outcome: Outcome) -> str:
    """Return why a run failed, without the numbers and the directory in which runs differ."""
    assert outcome.result is not None
    return _NUMBER.sub("", outcome.result.reason.replace(str(outcome.job), ""))
