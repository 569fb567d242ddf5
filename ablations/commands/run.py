"""``ablations run``: train what is pending."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.commands import studies
from ablations.commands.progress import Display
from ablations.execution import session
from ablations.execution.catalog import CATALOG
from ablations.execution.session import Options as Options
from ablations.ledger.searches import settle
from ablations.study.schema import TUNING


def run(
    study: str,
    arms: Sequence[str],
    seeds: Sequence[int],
    seed_count: int | None,
    sets: tuple[str, ...],
    options: Options,
) -> int:
    """Train what is pending; return the exit status, 1 if some run failed."""
    loaded = studies.load(study, studies.parse_overrides(sets))
    if seed_count is not None:
        loaded = loaded.model_copy(update={"seeds": tuple(range(seed_count))})
    comparison = session.prepare(loaded, arms, seeds, options)  # refused before any trial
    if loaded.tune is None:
        return 1 if _train(comparison, loaded.metric, loaded.study) else 0
    untuned = settle(loaded, options.runs, comparison.digests, CATALOG).study
    trials = session.prepare_trials(untuned, arms, options)
    failed = 0
    if trials.pending:
        failed = _train(trials, loaded.tune.metric, f"{loaded.study}, {TUNING}")
    searched = settle(loaded, options.runs, trials.digests, CATALOG)
    wanted = [arm for arm in arms or loaded.arm_names if arm not in searched.incomplete]
    for arm in arms or loaded.arm_names:
        if arm in searched.incomplete:
            print(f"{loaded.study}: {arm} is not compared yet: {searched.incomplete[arm]}")
    if wanted:
        comparison = session.prepare(searched.study, wanted, seeds, options)
        failed += _train(comparison, loaded.metric, loaded.study)
    return 1 if failed else 0


def _train(prepared: session.Session, metric: str, name: str) -> int:
    """Train what is pending; return how many runs failed."""
    finished = len(prepared.entries) - len(prepared.pending)
    if finished:
        print(f"{name}: {finished} of {len(prepared.entries)} runs need no training")
    for entry in prepared.entries if not prepared.options.rerun else ():
        if entry.continues_after is not None:
            epochs = entry.run.recipe.training.epochs
            print(f"{entry.run}: continues after epoch {entry.continues_after} of {epochs}")
    with Display(len(prepared.pending), metric) as shown:
        for outcome in prepared.execute():
            shown.show(outcome)
    print(f"{name}: {shown.summary()}")
    return shown.counts.get("failed", 0)
