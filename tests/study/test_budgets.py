"""What is too much is refused before anything of that size is made."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from ablations.commands import studies
from ablations.errors import AblationsError
from ablations.execution import facts
from tests.support.workplace import STUDY

LEVELS = [number / 1000 for number in range(1, 101)]
FACTORS = ", ".join(
    f"{path}: {LEVELS}"
    for path in ("model.dropout", "model.input_dropout", "training.label_smoothing")
)
GRID = f"tune: {{settings: {{{FACTORS}}}}}"
CASES = {
    "a billion seeds": ("seeds: 2", "seeds: 1000000000", "1000000000 seeds; wants at most"),
    "no 64 bits of seeds": ("seeds: 2", f"seeds: {10**30}", "about 1e30 seeds; wants at most"),
    "a long seed": ("seeds: 2", f"seeds: [{'9' * 300}]", "seeds from 0 to 9223372036854775807"),
    "a seed of 65 bits": ("seeds: 2", f"seeds: [{2**64}]", "seeds from 0 to 9223372036854775807"),
    "deep": ("hidden: [16]", "hidden: {depth: 1000000000, width: 5}", "number ≤ 1000"),
    "deep list": ("hidden: [16]", f"hidden: {[3] * 2000}", "2000 layers; wants at most 1000"),
    "wide": (
        "hidden: [16]",
        "hidden: [1000000000, 1000000000]",
        "trainable numbers; wants at most",
    ),
    "epochs": ("epochs: 2", f"epochs: {10**30}", "wants a number ≤ 1000000000"),
    "levels": (
        "claims:",
        f"design: full_factorial\nfactors: {{{FACTORS}}}\nclaims:",
        "factors: 1000000 arms; wants at most 1000",
    ),
    "trials": ("claims:", f"{GRID}\nclaims:", "1000000 trials an arm; wants at most 1000"),
    "parts": (
        "claims:",
        f"over: {{training.epochs: {list(range(1, 500))}}}\nclaims:",
        "499 parts; wants at most 100",
    ),
    "runs": ("seeds: 2", "seeds: 10000", ""),
    "folded case": ("sigmoid: {", "ELU: {model.activation: relu}\n  sigmoid: {", "shares its dir"),
    "an escape": ("question: Does", 'question: "\\e[2J"\ndescription: Does', "control a terminal"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_too_much_is_refused_at_once(case: str, workplace: Path) -> None:
    old, new, reason = CASES[case]
    assert STUDY.count(old) == 1
    Path("configs/small.yaml").write_text(STUDY.replace(old, new))
    studies.CATALOG  # noqa: B018
    tracemalloc.start()
    began = time.process_time()
    try:
        (study,) = studies.load("small")
        facts.check(study, study.arms, study.seeds[:1], None)
        said = ""
    except AblationsError as error:
        said = str(error)
    seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason in said
    assert bool(reason) == bool(said)
    assert "\n" not in said
    assert seconds < 2  # traced, so slower than it is
    assert peak < 100e6


def test_a_value_that_no_path_has_is_no_setting() -> None:
    for assignment in ("=1", "a b=1", "\udcff=1", "model.hidden"):
        with pytest.raises(AblationsError, match="--set wants key=value"):
            studies.parse_overrides([assignment])
