"""What a study's runs answer, said when the last of them has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ablations.errors import AblationsError


def answer_lines(runs: Path, study: str) -> Iterator[str]:
    """Yield the report's answer, and how to see more; nothing where the runs cannot be read."""
    from ablations.analysis.infer.inference import infer
    from ablations.analysis.read.collect import collect
    from ablations.analysis.show.answer import answer

    try:
        inference = infer(collect(runs, study))
    except (AblationsError, OSError):  # someone took them away: the runs are trained all the same
        return
    yield f"{study}: {' '.join(answer(inference))}"
    yield f"{study}: ablations report {study} writes the report"
