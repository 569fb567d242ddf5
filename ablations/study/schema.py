"""The types of a study: search, arm, claim, study.  All frozen; all round-trip through YAML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from ablations.errors import suggest
from ablations.study.budgets import MOST_SEED, MOST_SEEDS, too_many
from ablations.study.declared_metrics import DeclaredMetric as DeclaredMetric
from ablations.study.declared_metrics import metrics_of
from ablations.study.frozen import Count, Frozen, NonNegative, problem, show
from ablations.study.looks import Looks, LookWeights
from ablations.study.metrics import Metric
from ablations.study.recipe import Recipe
from ablations.study.recipes import AnyRecipe, trainable
from ablations.study.replicates import Replicates, with_replicates
from ablations.study.tasks import Task
from ablations.study.yaml_writer import to_yaml_line

WRITTEN_IN_PYTHON = "Python"
"""What stands for the file of a study that has none."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NAME_WANTED = (
    "{} cannot name a directory; wants a letter or digit, then up to 99 of letters, digits, "
    "'.', '_' and '-'"
)
SUMMARY, TUNING = "summary", "tuning"
"""What stands beside the arms in a study's directory: their means and bands, and their trials."""
STUDY_NAME = re.compile(rf"{NAME.pattern}(\+[A-Za-z0-9_.]{{1,100}}=[A-Za-z0-9._-]{{1,60}})*")
"""That of a study, a variant or a part: ``optimizers+training.epochs=1+data.name=mnist``."""
MOST_NAME_CHARACTERS = 240  # of a file's name, which may have 255
MOST_VALUE_CHARACTERS = 50
Design = Literal["one_at_a_time", "leave_one_out", "full_factorial"]
Correction = Literal["max_t", "holm"]


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise problem(NAME_WANTED.format(show(value)))
    return value


def _study_name(value: str) -> str:
    if not STUDY_NAME.fullmatch(value):
        raise problem(NAME_WANTED.format(show(value)))
    if len(value) > MOST_NAME_CHARACTERS:
        raise problem(
            f"{show(value)} has {len(value)} characters; a directory's name wants at most "
            f"{MOST_NAME_CHARACTERS}"
        )
    return value


def _seeds(value: Any) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        if value > MOST_SEEDS:
            raise problem(too_many("seeds", value, MOST_SEEDS))
        return tuple(range(value))
    if isinstance(value, (list, tuple)) and value:
        if len(value) > MOST_SEEDS:
            raise problem(too_many("seeds", len(value), MOST_SEEDS))
        whole = all(isinstance(seed, int) and not isinstance(seed, bool) for seed in value)
        if whole and 0 <= min(value) <= max(value) <= MOST_SEED and len(set(value)) == len(value):
            return tuple(value)
    raise problem(
        f"wants a number of seeds ≥ 1 or a list of distinct seeds from 0 to {MOST_SEED}, got "
        f"{show(value)}"
    )


Name = Annotated[str, AfterValidator(_name)]
StudyName = Annotated[str, AfterValidator(_study_name)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_seeds)]
Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class TuningTrial(Frozen):
    """One candidate of the search, the same for every arm."""

    name: Name
    """The name of its directory, made of its values."""
    values: Mapping[str, Any]
    """Dotted path of the recipe → value."""


class Tuning(Frozen):
    """The search that every arm gets before the arms are compared."""

    search: Literal["grid", "random"]
    trials: Annotated[tuple[TuningTrial, ...], Listed]
    seeds: Seeds
    """The seeds of each trial; the comparison uses none of them."""
    metric: str
    """The validation metric whose mean over the seeds chooses.

    By default ``validation_accuracy`` or what the task has in its place, that of the weights that
    are tested: the last epoch's, or the restored best's under early stopping; their averages, where
    the recipe averages weights."""
    epochs: Count | None = None
    """Epochs a trial; null trains a trial as long as the comparison."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The settings that are tuned."""
        return tuple(self.trials[0].values)


class Arm(Frozen):
    """A named change of the base, with the recipe that results."""

    name: Name
    changes: Mapping[str, Any]
    """What the arm declares: dotted path of the recipe → value as written."""
    levels: Mapping[str, str] = {}
    """In a factorial design: factor → label of its level in this arm."""
    tuned: Mapping[str, Any] = {}
    """What the search chose for this arm: dotted path → value; the recipe holds it."""
    recipe: AnyRecipe

    @property
    def trained(self) -> Recipe:
        """The recipe, of the compiled trainer.

        Raises:
            AblationsError: something else trains it.
        """
        return trainable(self.recipe)


class Claim(Frozen):
    """A statement of the literature or the notes, which the study tests."""

    better: str
    """The arm that is said to do better."""
    than: str
    on: str = "test_accuracy"
    """In a study file by default the score of the task: of a regression
    ``test_mean_absolute_error``."""
    source: str
    text: str = ""
    """The claim in words, where the arms' names do not say it."""
    remark: str = ""
    """What explains the outcome, in the words of the study's author."""


class Part(Frozen):
    """Which part of a study that spans several data sets, or values of another setting."""

    of: StudyName
    """The whole study."""
    path: str
    """The dotted path of the setting that it spans."""
    label: str
    """The part's value."""
    labels: Annotated[tuple[str, ...], Listed]
    """Those of all parts, in the order of the file."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all parts, as studies."""
        return tuple(with_setting(self.of, self.path, label) for label in self.labels)


def variant_name(study: str, overrides: Mapping[str, Any]) -> str:
    """Return the name of a study whose base ``--set`` changes: ``activations+training.epochs=1``.

    A value that cannot stand in a directory's name is told by a hash, and so are settings that are
    too many for one.
    """
    name, texts = study, []
    for path, value in sorted(overrides.items()):
        text = to_yaml_line({path: value})[1:-1].removeprefix(f"{path}: ")
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")
        readable = plain == text and len(text) <= MOST_VALUE_CHARACTERS
        name = with_setting(name, path, text if readable else f"{plain[:30]}-{_hash(text)}")
        texts.append(f"{path}: {text}")
    if len(name) > MOST_NAME_CHARACTERS - 100:  # a part's name is longer
        name = with_setting(study, "settings", f"{len(texts)}-{_hash(repr(texts))}")
    return name


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def with_setting(study: str, path: str, label: str) -> str:
    """Return the name of a study where one setting differs: ``optimizers+data.name=mnist``."""
    return f"{study}+{path}={label}"


class Study(Frozen):
    """One question: arms of one base, compared with a control over seeds."""

    study: StudyName
    question: str
    description: str = ""
    base: AnyRecipe
    control: Name
    arms: Annotated[tuple[Arm, ...], Listed]
    design: Design | None = None
    seeds: Seeds
    tune: Tuning | None = None
    metrics: Mapping[str, DeclaredMetric] = {}
    """What the study says of metrics, its own among them."""
    metric: str = "test_accuracy"
    """The metric that answers the question."""
    margin: NonNegative = 0.0
    """The smallest difference of ``metric`` that matters in practice, in the metric's unit."""
    target: float | None = None
    """The validation accuracy, or what the task has in its place, whose first epoch is reported.

    null takes a point below where the mean accuracy of the control ends."""
    claims: Annotated[tuple[Claim, ...], Listed] = ()
    correction: Correction = "max_t"
    """Of p for the arms of a family: step-down max-T over joint sign flips, or Holm's."""
    replicates: Replicates = "paired"
    if_diverged: Mapping[str, float] = {}
    """Metric → what a diverged run scores; without one, the worst of any completed run."""
    overrides: Mapping[str, Any] = {}
    """What ``--set`` changed in the base: dotted path → value."""
    file: str = ""
    """The study file as it was given, from the working directory; empty in records of 0.2.0."""

    looks: Looks = ()
    """Numbers of seeds, rising, at which the study is judged and what is settled leaves.

    Empty judges once, at all seeds; else the seeds are those up to the last look."""
    look_weights: LookWeights = ()
    """The share of the error that each look may spend; one for each look, of sum 1."""

    part: Part | None = None
    """Of what this is a part; None for a study that is whole."""

    imported: bool = False
    """Whether something else produced the results; ``file`` is then the table, or the folder of
    event files, that they came in."""
    pattern: str = ""
    """How a run's folder is named where event files were imported; empty elsewhere."""

    _with_replicates = model_validator(mode="before")(with_replicates)

    @model_validator(mode="after")
    def _knows_its_metrics(self) -> Study:
        known = self.known_metrics
        for name in (self.metric, *self.if_diverged, *(claim.on for claim in self.claims)):
            if name not in known:
                raise problem(f'unknown metric "{name}"; {suggest(name, known)}')
        return self

    @property
    def known_metrics(self) -> Mapping[str, Metric]:
        """The metrics that some arm has, and those that the study brings, by name."""
        return metrics_of([arm.recipe for arm in self.arms] or [self.base], self.metrics)

    @property
    def task(self) -> Task:
        """What the labels of all arms' data are read for."""
        recipe = self.arms[0].recipe if self.arms else self.base
        return recipe.task

    @property
    def score(self) -> str:
        """What grades predictions: ``accuracy`` of a classification.

        A run that a trainer of the user's trained need not have it.
        """
        return self.task.score

    def metric_named(self, name: str) -> Metric:
        """Return one of the study's metrics; KeyError if there is none."""
        return self.known_metrics[name]

    @property
    def answering_metric(self) -> Metric:
        """The metric that answers the question."""
        return self.metric_named(self.metric)

    def arm(self, name: str) -> Arm:
        """Return the arm called ``name``; KeyError if there is none."""
        found = {arm.name: arm for arm in self.arms}
        return found[name]

    @property
    def arm_names(self) -> tuple[str, ...]:
        """The arms in the order of the file."""
        return tuple(arm.name for arm in self.arms)

    @property
    def tuned_arms(self) -> tuple[Arm, ...]:
        """The arms that are searched: all but those that declare a tuned setting themselves."""
        paths = self.tune.paths if self.tune else ()
        return tuple(arm for arm in self.arms if paths and not set(paths) & set(arm.changes))

    def awaits_tuning(self, arm: str) -> bool:
        """Return whether the search of ``arm`` has chosen nothing yet."""
        return any(tuned.name == arm and not tuned.tuned for tuned in self.tuned_arms)
