"""Take the looks of a study: judge, write down what leaves, say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ablations.analysis.infer.looks import leaving
from ablations.analysis.read.collect import collect
from ablations.execution.session import Prepared
from ablations.ledger.looks import Looks, Reason, record_look, record_undeclared
from ablations.ledger.standing import counted


def take_look(prepared: Prepared, say: Callable[[str], None]) -> bool:
    """Take the look to come if all its runs are finished; return whether another is to be trained.

    Of a study without looks, note that its runs are there to be seen.
    """
    comparison = prepared.comparison()
    study, looks = comparison.tuned.study, prepared.looks(comparison.tuned)
    waits_for = prepared.waits_for(comparison.tuned)
    if not study.looks:
        if not waits_for:
            record_undeclared(looks)
        return False
    if looks.over:
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


def _words(left: Mapping[str, Reason]) -> str:
    return ", ".join(f"{arm} {reason}" for arm, reason in left.items()) or "no arm is settled"


def _what_follows(looks: Looks) -> str:
    if looks.over:
        return "no look is to come"
    arms = len(looks.study.arms) - 1 - len(looks.left)
    go_on = "1 arm goes on" if arms == 1 else f"{arms} arms go on"
    return f"{go_on} to {len(looks.next_seeds)} seeds"
