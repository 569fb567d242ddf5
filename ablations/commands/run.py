"""``ablations run``: train what is pending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ablations.analysis.show.inert import (
    inert_sentence,
    repeating_sentence,
    score_sentences,
)
from ablations.analysis.show.shared_files import shared_sentence
from ablations.commands import studies
from ablations.commands.answer import give_answer
from ablations.commands.lines import Lines
from ablations.commands.looks import take_look
from ablations.commands.options import Options
from ablations.commands.seeds import as_declared, declare, say_declared, too_few_seeds
from ablations.commands.train import train
from ablations.errors import AblationsError
from ablations.execution import study_files
from ablations.execution.session import Prepared, prepare
from ablations.ledger.inert import inert_arms, repeating_arms, same_scores, scores_of_control
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.shared_files import shared_files
from ablations.ledger.standing import State
from ablations.study.schema import TUNING, Study


@dataclass(frozen=True)
class Request:
    """Which runs of a study are asked for; by default all that are pending."""

    arms: Sequence[str] = ()
    seeds: Sequence[int] = ()
    """Only these, which declares nothing."""
    seed_count: int | None = None
    """How many seeds the runs directory is to have, from 0 on."""


def run(
    study: str,
    arms: Sequence[str],
    seeds: Sequence[int],
    seed_count: int | None,
    sets: tuple[str, ...],
    options: Options,
    lines: Lines | None = None,
) -> int:
    """Train what is pending; return the exit status, 1 if some run failed."""
    lines = lines or Lines()
    try:
        loaded = studies.load(study, studies.parse_overrides(sets))
        failed = run_studies(loaded, Request(arms, seeds, seed_count), options, lines)
    except AblationsError as error:
        lines.write(str(error))
        raise
    return 1 if failed else 0


def run_studies(
    read: Sequence[Study], request: Request, options: Options, lines: Lines
) -> tuple[str, ...]:
    """Train what is pending of a study, or of its parts; return the runs that failed, and why.

    Raises:
        AblationsError: the request cannot be met; nothing is trained.
    """
    count = request.seed_count
    loaded = [
        as_declared(each, options.runs)
        if count is None
        else declare(each, count, options, lines.say)
        for each in read
    ]
    prepared = [prepare(each, options, request.arms, request.seeds) for each in loaded]
    for written, declared in zip(read, loaded, strict=True):
        if count is None:
            say_declared(written, declared, options.runs, lines.say)
        else:
            study_files.declare_seeds(declared, RunsDirectory(options.runs))
    if notice := prepared[0].executor.notice:
        lines.say(notice)
    failed = tuple(name for each in prepared for name in _run(each, lines))
    return failed


def _run(prepared: Prepared, lines: Lines) -> list[str]:
    """Train one study, or one part of one; return the runs that failed."""
    study, arms, failed = prepared.study, prepared.arms, list[str]()
    shard = prepared.options.shard
    name = f"{study.study}, shard {shard}" if shard else study.study
    if not (arms or prepared.seeds) and (warning := too_few_seeds(study)):
        lines.say(f"{name}: {warning}")
    if study.tune is not None and not all(s.finished for s in prepared.trials().standings):
        failed += train(prepared, Prepared.trials, study.tune.metric, f"{name}, {TUNING}", lines)
    comparison = prepared.comparison()
    for arm, missing in comparison.tuned.incomplete.items():
        if not arms or arm in arms:
            lines.say(f"{name}: {arm} is not compared yet: {missing}")
    if shard and not comparison.standings:
        lines.say(f"{name}: 0 of {comparison.of_all_shards} runs")
    if comparison.standings:
        failed += _compare(prepared, name, lines)
        finished = _of_all_shards(prepared).comparison()
        if repeating := repeating_arms(finished.standings):
            lines.say(f"{name}: {repeating_sentence(repeating)}")
        same = same_scores(finished.standings, study.metric)
        of_control = scores_of_control(finished.tuned.study, finished.standings)
        for sentence in score_sentences(same, of_control, study.answering_metric.label):
            lines.say(f"{name}: {sentence}")
        for inert in inert_arms(finished.tuned.study, finished.standings):
            lines.say(f"{name}: {inert_sentence(inert, study.control)}")
        results = (s.result for s in finished.standings if s.result and s.finished)
        if shared := shared_files(results):
            lines.say(f"{name}: {shared_sentence(shared)}")
        waits_for = prepared.waits_for(finished.tuned)
        give_answer(
            prepared.options.runs,
            study.study,
            said=bool(comparison.pending or not (arms or prepared.seeds or shard))
            and all(standing.state is State.FAILED for standing in waits_for),
            shown=not (arms or prepared.seeds or shard),
            lines=lines,
        )
    if shard and _waits_for_others(prepared):
        again = f"ablations run {study.study} --shard {shard}, with this command's other options"
        lines.say(
            f"{name}: once the other shards are done, go on, in each of them as here: {again}"
        )
    return failed


def _waits_for_others(prepared: Prepared) -> bool:
    """Whether other shards' runs decide what is to be trained next, and are not all there."""
    tuned = prepared.comparison().tuned
    return bool(tuned.incomplete or (prepared.study.looks and prepared.waits_for(tuned)))


def _of_all_shards(prepared: Prepared) -> Prepared:
    return replace(prepared, options=replace(prepared.options, shard=None))


def _compare(prepared: Prepared, name: str, lines: Lines) -> list[str]:
    """Train the comparison, one look after the other; return the runs that failed."""
    failed = train(prepared, Prepared.comparison, prepared.study.metric, name, lines)
    if not take_look(prepared, lines.say) or prepared.arms or prepared.seeds:
        return failed
    return failed + _compare(prepared.without_rerun(), name, lines)
