"""One study's page: answer, notices, then sections; plain text, before a format escapes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.answer import answer
from ablations.analysis.show.blocks import Figure, Section, anchor
from ablations.analysis.show.comparisons import sample_size
from ablations.analysis.show.fairness import fairness_label, fairness_warnings
from ablations.analysis.show.formats import plural
from ablations.analysis.show.inert import (
    inert_sentence,
    repeating_sentence,
    score_sentences,
)
from ablations.analysis.show.sections.changes import changes
from ablations.analysis.show.sections.claims import ClaimLine, claim_lines, claims
from ablations.analysis.show.sections.environment import TITLE as ENVIRONMENT
from ablations.analysis.show.sections.environment import devices_notice, environment
from ablations.analysis.show.sections.factorial import factorial
from ablations.analysis.show.sections.figures import figures
from ablations.analysis.show.sections.findings import TITLE as FINDINGS
from ablations.analysis.show.sections.findings import findings
from ablations.analysis.show.sections.left_out import TITLE as LEFT_OUT
from ablations.analysis.show.sections.left_out import left_out, left_out_notice
from ablations.analysis.show.sections.looks import TITLE as LOOKS
from ablations.analysis.show.sections.looks import looks, looks_notice
from ablations.analysis.show.sections.metrics import metrics
from ablations.analysis.show.sections.overrides import overrides
from ablations.analysis.show.sections.reproduction import reproduction
from ablations.analysis.show.sections.target import target
from ablations.analysis.show.sections.tuning import tuning
from ablations.analysis.show.sections.verdicts import verdicts, verdicts_in_brief
from ablations.analysis.show.shared_files import shared_sentence

FILES = {
    "results.csv": "One line per run",
    "verdicts.csv": "One line per arm",
    "curves.csv": "One line per epoch",
    "results.tex": "The verdicts for LaTeX",
    "report.md": "As Markdown",
}
"""What lies beside ``index.html``; each page lists the others."""

SECTIONS: tuple[Callable[[Inference], Section | None], ...] = (
    verdicts,
    looks,
    figures,
    claims,
    factorial,
    tuning,
    target,
    findings,
    metrics,
    changes,
    left_out,
    overrides,
    environment,
    reproduction,
)
"""In the order of the page; one that has nothing to show returns None."""

ANSWER_SECTIONS = (verdicts_in_brief, findings)
"""What stands behind the answer where it stands alone; none of them draws."""


@dataclass(frozen=True)
class Notice:
    """What a reader must know before the numbers."""

    text: str
    section: str = ""
    """The title of the section that says more."""

    @property
    def anchor(self) -> str:
        """What a link to that section names."""
        return anchor(self.section)


@dataclass(frozen=True)
class Page:
    """Everything that a report says."""

    study: str
    question: str
    runs: str
    """How many arms, seeds and runs there are."""
    fairness: str
    """A word: tuned or untuned."""
    answer: tuple[str, ...]
    """Sentences."""
    notices: tuple[Notice, ...]
    description: tuple[str, ...]
    """Paragraphs."""
    sections: tuple[Section, ...]
    part_of: str = ""
    """The study that this is a part of, whose page lies beside this one's."""
    claims: tuple[ClaimLine, ...] = ()
    """For the overview of all reports."""
    files: Mapping[str, str] = field(default_factory=lambda: FILES)
    """File beside the page → what it is."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all sections."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, Figure))

    def answer_alone(self) -> Page:
        """Return the page without all that does not belong to the answer."""
        first = self.sections[:1]
        kept = (*first, *(each for each in self.sections[1:] if each.title == FINDINGS))
        return replace(self, description=(), files={}, sections=kept)


def build_answer_page(inference: Inference) -> Page:
    """Return the page without all that does not belong to the answer; it takes no time."""
    return build_page(inference, ANSWER_SECTIONS).answer_alone()


def build_page(
    inference: Inference, sections: Sequence[Callable[[Inference], Section | None]] | None = None
) -> Page:
    """Return the content of the report of one study, or only some ``sections`` of it."""
    built = (section(inference) for section in (SECTIONS if sections is None else sections))
    return Page(
        study=inference.study,
        question=" ".join(inference.question.split()),
        runs=_runs(inference),
        fairness=fairness_label(inference),
        answer=answer(inference),
        notices=tuple(notices(inference)),
        description=paragraphs(inference.description),
        sections=tuple(section for section in built if section),
        part_of=inference.part.of if inference.part else "",
        claims=tuple(claim_lines(inference)),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a text, each on one line."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text))
    return tuple(block for block in blocks if block)


def _runs(inference: Inference) -> str:
    arms, seeds = plural(len(inference.arms), "arm"), sample_size(inference)
    text = f"{arms}, {seeds}; {plural(inference.runs.counted, 'run')} in the report"
    diverged = inference.runs.diverged
    return f"{text}, {diverged} of them diverged" if diverged else text


def notices(inference: Inference) -> Iterator[Notice]:
    """Yield what a reader must know before the numbers."""
    if inference.study != inference.recorded_study:
        yield Notice(
            f'The directory "{inference.study}" holds the record of "{inference.recorded_study}".'
        )
    if inference.left_out:
        yield Notice(left_out_notice(inference), LEFT_OUT)
    if inference.looks and (error := looks_notice(inference.looks)):
        yield Notice(error, LOOKS)
    if devices := devices_notice(inference):
        yield Notice(devices, ENVIRONMENT)
    if inference.shared_files:
        yield Notice(shared_sentence(inference.shared_files))
    if inference.repeating:
        yield Notice(repeating_sentence(inference.repeating))
    label, of_control = inference.answering_metric().label, inference.scores_of_control
    yield from map(Notice, score_sentences(inference.same_scores, of_control, label))
    for inert in inference.inert:
        yield Notice(inert_sentence(inert, inference.control))
    yield from map(Notice, fairness_warnings(inference))
