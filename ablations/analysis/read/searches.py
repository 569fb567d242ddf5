"""What the search of each arm found, read back from its trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ablations.analysis.read.left_out import LeftOut
from ablations.errors import RunsDirectoryError
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RESULT, RunsDirectory
from ablations.ledger.records import Result, UnreadableResultError, read_result
from ablations.ledger.searches import score
from ablations.study.expand import SEED_PREFIX, Run, expand_trials
from ablations.study.schema import TUNING, Arm, Study, Tuning, TuningTrial
from ablations.study.search import Scores, choose, mean_score, on_the_edge


@dataclass(frozen=True)
class TrialScore:
    """One trial of one arm."""

    trial: TuningTrial
    runs: tuple[float | None, ...]
    """The tuning's metric of each run that counts; None for one that diverged."""

    @property
    def mean(self) -> float | None:
        """The mean over the runs that did not diverge."""
        return mean_score(self.runs)

    @property
    def diverged(self) -> int:
        """Runs that diverged."""
        return self.runs.count(None)


@dataclass(frozen=True)
class ArmSearch:
    """The search of one arm."""

    arm: str
    trials: tuple[TrialScore, ...]
    chosen: TrialScore | None
    """The trial at whose values the arm is compared; None while the search is not complete."""
    edges: Mapping[str, Literal["lowest", "highest"]]
    """Chosen settings beyond which nothing was tried."""
    confirmed: bool
    """Whether the trials, as they lie on disk, choose what the arm is compared at."""


def read_searches(
    root: RunsDirectory, name: str, study: Study
) -> tuple[tuple[ArmSearch, ...], list[LeftOut]]:
    """Read every trial of a study; what does not count is named beside."""
    left_out = []
    scores: dict[str, dict[str, list[float | None]]] = {}
    wanted = expand_trials(study)
    for run in wanted:
        found = _read(root, name, run)
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif study.tune is not None:
            of_arm = scores.setdefault(run.arm, {})
            of_arm.setdefault(run.trial, []).append(score(study.tune, found))
    left_out += _no_longer_wanted(root, name, wanted)
    if study.tune is None:
        return (), left_out
    searches = (_search(study.tune, arm, scores.get(arm.name, {})) for arm in study.tuned_arms)
    return tuple(searches), left_out


def _search(tuning: Tuning, arm: Arm, scores: Scores) -> ArmSearch:
    trials = tuple(TrialScore(trial, tuple(scores.get(trial.name, ()))) for trial in tuning.trials)
    chosen = next((t for t in trials if arm.tuned and t.trial.values == arm.tuned), None)
    best = choose(tuning, scores)
    confirmed = chosen is not None and chosen.trial == best
    return ArmSearch(arm.name, trials, chosen, on_the_edge(tuning, arm.tuned), confirmed)


def _read(root: RunsDirectory, name: str, run: Run) -> Result | LeftOut:
    place, seeds = _place(run.arm, run.trial), (run.seed,)
    try:
        directory = root.run(name, run.arm, run.seed, run.trial)
    except RunsDirectoryError:
        return LeftOut("unreadable", place, seeds, "the directory leads out of the runs")
    if not directory.result.exists():
        return LeftOut("missing", place, seeds, "has no result")
    try:
        result = read_result(directory.result)
    except UnreadableResultError as error:
        reason = str(error).replace(f"{directory.path}/", "")
        return LeftOut("unreadable", place, seeds, reason)
    owner = (result.study, result.arm, result.trial, result.seed)
    if owner != (run.study, run.arm, run.trial, run.seed):
        return LeftOut("foreign", place, seeds, "the result is of another run")
    if result.fingerprint != fingerprint(run.recipe, run.seed, result.data_digest):
        return LeftOut("stale", place, seeds, "trained with other settings, data or code")
    if result.status == "failed":
        return LeftOut("failed", place, seeds, result.reason or "no reason recorded")
    return result


def _place(arm: str, trial: str) -> str:
    return f"{TUNING}/{arm}/{trial}"


def _no_longer_wanted(root: RunsDirectory, name: str, wanted: tuple[Run, ...]) -> Iterator[LeftOut]:
    """Name the results under ``tuning/`` of arms, trials and seeds that the study has not."""
    known = {(run.arm, run.trial, f"{SEED_PREFIX}{run.seed}") for run in wanted}
    for path in sorted((root.study(name) / TUNING).glob(f"*/*/*/{RESULT}")):
        arm, trial, seed = path.parts[-4:-1]
        if (arm, trial, seed) not in known:
            yield LeftOut(
                "removed", _place(arm, trial), (), f"the study has no such trial ({seed})"
            )
