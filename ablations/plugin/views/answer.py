"""The answer to the study's question, in the words of its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablations.analysis.show.answer import answer as answer_sentences
from ablations.analysis.show.page import notices
from ablations.analysis.show.sections.left_out import left_out_lines
from ablations.plugin.open_study import OpenStudy


def answer(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the answer, what to know before it, and what is left out of it."""
    _, inference = study.inference()
    return {
        "question": inference.question,
        "answer": answer_sentences(inference),
        "notices": [notice.text for notice in notices(inference)],
        "left_out": left_out_lines(inference),
        "counted": inference.runs.counted,
    }
