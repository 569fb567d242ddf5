"""A shard: one of N parts of a study's runs, for as many jobs that know nothing of each other."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablations.errors import AblationsError

if TYPE_CHECKING:
    from ablations.study.expand import Run


@dataclass(frozen=True)
class Shard:
    """Part ``number`` (from 1) of ``count``.

    Where a run belongs follows from its own name, so that no job asks another and a run stays where
    it is as arms or seeds are added: the seeds of an arm go round the shards, from one that a hash
    of the arm's name gives.  An arm's runs are thus divided to within one, and what does not divide
    falls on a shard at random.  A hash of the whole name would leave the largest of 4 shards of 40
    runs with 13 on average, this with 11.  Whole arms in one shard would be traced once instead of
    N times, a second each, and leave shards without any; the longest job decides when all is done.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``I/N``.

        Raises:
            AblationsError: it is none.
        """
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        number, count = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= count:
            raise AblationsError(f'--shard: wants I/N with I from 1 to N, as 1/4; got "{text}"')
        return cls(number, count)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, run: Run) -> bool:
        """Whether a run belongs to this shard."""
        arm = f"{run.study}/{run.arm}/{run.trial}"
        first = int.from_bytes(hashlib.sha256(arm.encode()).digest()[:8])
        return (first + run.seed) % self.count == self.number - 1
