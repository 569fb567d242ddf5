"""What a study's runs answer, when the last of them has ended: said, and shown in TensorBoard."""

from __future__ import annotations

from pathlib import Path

from ablations.commands.asked import again
from ablations.commands.lines import Lines
from ablations.errors import AblationsError
from ablations.execution import study_files


def give_answer(runs: Path, study: str, *, said: bool, shown: bool, lines: Lines) -> None:
    """Infer what the runs say so far; say it with how to see more, and show it in TensorBoard.

    Where they cannot be read, as someone took them away, they are trained all the same.
    """
    if not (said or shown):
        return
    from ablations.analysis.infer.inference import infer
    from ablations.analysis.read.collect import collect
    from ablations.analysis.show.answer import answer
    from ablations.analysis.show.report import answer_markdown

    try:
        inference = infer(collect(runs, study))
        if said:
            lines.say(f"{study}: {' '.join(answer(inference))}")
            lines.say(f"{study}: {again('report', study, runs)} writes the report")
        if shown:
            study_files.publish_answer(runs, study, answer_markdown(inference))
    except (AblationsError, OSError) as error:
        lines.say(f"{study}: its answer cannot be given: {error}")
