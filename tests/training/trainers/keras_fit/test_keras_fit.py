"""``trainer: keras``: what ``fit`` itself would do, recorded, and gone on with to the same bits."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ablations.errors import DataError, ModelError, TrainerError, UserCodeError
from ablations.execution.catalog import CATALOG
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result
from ablations.study.expand import Run
from ablations.study.keras_recipe import KerasRecipe
from ablations.training.checkpoint import CheckpointInterval
from ablations.training.request import TrainingRequest
from tests.support import keras_training
from tests.support.keras_training import PLACE
from tests.support.running import (
    make_recipe,
    recorded_events,
    same_bits,
    shared_programs,
    train_into,
)

SEED = 3
FUNCTION = {"name": f"{PLACE}.batches"}
DRAWS = "its random draws after that are not those of an undisturbed run"
AUGMENTED = {"name": f"{PLACE}.augmented"}
PIPELINE = {"name": f"{PLACE}.pipeline", "batch": 100}


class KilledError(Exception):
    pass


def recipe_of(data: Any, model: Any, **training: Any) -> KerasRecipe:
    observed = training.pop("observed", True)
    return KerasRecipe.model_validate(
        {
            "trainer": "keras",
            "data": data,
            "model": model,
            "training": {"epochs": 3, "keep_checkpoint": True, **training},
            "telemetry": {"histograms_every_epochs": 1 if observed else 0},
        },
        context={"catalog": CATALOG},
    )


class Trained:
    def __init__(self, result: Result, directory: RunDirectory) -> None:
        self.result, self.directory = result, directory

    def state(self) -> dict[str, Any]:
        with np.load(self.directory.final_state, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}

    def weights(self) -> list[Any]:
        return [array for name, array in self.state().items() if name.startswith("model/")]


def train(
    place: Path, recipe: KerasRecipe, metric: str = "", killed_after: int = 0, trial: str = ""
) -> Trained:
    from ablations.training.run import train_by_fit

    (place / "run").mkdir(parents=True, exist_ok=True)
    directory, epochs = RunDirectory(place / "run"), 0

    def fence() -> None:
        nonlocal epochs
        epochs += 1
        if killed_after and epochs > killed_after:
            raise KilledError

    run = Run("own", "arm", SEED, recipe, trial)
    root = RunsDirectory(place)
    request = TrainingRequest(run, directory, {}, root, metric=metric, fence=fence)
    return Trained(train_by_fit(request), directory)


def by_fit(model: Any, data: Any, epochs: int = 3) -> Any:
    """Train as a script would that first sets the seed and wants deterministic operations."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework import config

    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    try:
        splits, built = data(), model()
        held = splits["validation"]
        history = built.fit(
            splits["train"], validation_data=held, epochs=epochs, shuffle=False, verbose=0
        )
        tested = [
            built.evaluate(splits[s], verbose=0, return_dict=True) for s in ("validation", "test")
        ]
    finally:
        config.disable_op_determinism()
    return history, built, tested[1]


@pytest.mark.parametrize("case", ["contrastive", "pipeline"])
def test_it_is_fit_to_the_last_bit_and_recorded(
    tensorflow: ModuleType, tmp_path: Path, case: str
) -> None:
    """A train step of the user's own on a model that its first batch builds; and Keras's own."""
    own = case == "contrastive"
    model = keras_training.contrastive if own else keras_training.flat_classifier
    recipe = recipe_of(PIPELINE, f"{PLACE}.{model.__name__}")
    trained = train(tmp_path, recipe, "test_contrastive_loss" if own else "test_accuracy")
    history, built, tested = by_fit(model, lambda: keras_training.pipeline(SEED, batch=100))
    for array, variable in zip(trained.weights(), built.variables, strict=True):
        assert array.tobytes() == np.asarray(variable).tobytes(), variable.path
    metric = "contrastive_loss" if own else "accuracy"
    curve = history.history[f"val_{metric}"]
    found = trained.result.metrics
    assert found[f"validation_{metric}_last"] == curve[-1]
    assert found[f"validation_{metric}_best"] == (min(curve) if own else max(curve))
    assert found[f"test_{metric}"] == tested[metric]
    assert (trained.result.epochs, trained.result.updates) == (3, 36)
    assert trained.result.parameters == sum(map(np.size, built.trainable_weights))
    tags = {tag for _, tag, _ in (e for e in recorded_events(trained.directory.path) if e[1])}
    assert f"curves/validation_{metric}" in tags
    kernels = {tag for tag in tags if str(tag).startswith("gradient_log10/")}
    assert len(kernels) == 2
    assert {str(tag).replace("gradient_log10", "weight") for tag in kernels} <= tags


def test_what_is_recorded_changes_no_bit(tensorflow: ModuleType, tmp_path: Path) -> None:
    observed, alone = (
        train(tmp_path / str(on), recipe_of("digits", f"{PLACE}.classifier", observed=on))
        for on in (True, False)
    )
    assert same_bits(observed.state(), alone.state())


@pytest.mark.parametrize(
    ("data", "model", "notes"),
    [
        ("digits", "classifier", ()),
        (FUNCTION, "flat_classifier", ()),
        (PIPELINE, "contrastive", ("the order of its data after that is not what it would",)),
        (AUGMENTED, "flat_classifier", ()),
        (FUNCTION, {"draws": "tf.random.normal"}, (DRAWS,)),
        (FUNCTION, {"draws": "tf.random.normal", "eager": True}, ()),
        (FUNCTION, {"draws": "keras.random"}, ()),
        (FUNCTION, {"draws": "global generator"}, ()),
        (FUNCTION, {"draws": "generator of its own"}, ()),
    ],
    ids=str,
)
def test_a_run_that_was_killed_goes_on_at_its_epoch(
    tensorflow: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: Any,
    model: Any,
    notes: tuple[str, ...],
) -> None:
    """To the same bits, or with a note that they are others, on the page as well."""
    monkeypatch.setattr(CheckpointInterval, "due", True)
    named = f"{PLACE}.{model}" if isinstance(model, str) else {"name": f"{PLACE}.drawing", **model}
    recipe = recipe_of(data, named)
    whole = train(tmp_path / "whole", recipe)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", recipe, killed_after=2)
    went_on = train(tmp_path / "killed", recipe)
    said = went_on.result.notes
    assert said[0] == "continued after epoch 2 of 3"
    assert [note[:50] for note in said[1:]] == [note[:50] for note in notes]
    assert (went_on.result.epochs, went_on.result.updates) == (
        whole.result.epochs,
        whole.result.updates,
    )
    assert "; ".join(said[1:]) in (went_on.result.environment["repeatable"], "")
    if not notes:
        assert went_on.result.environment["repeatable"] == "to the same bits"
        assert same_bits(went_on.state(), whole.state())
        assert went_on.result.metrics == whole.result.metrics


def test_a_pipeline_with_random_operations_gives_one_seed_one_result(
    tensorflow: ModuleType, tmp_path: Path
) -> None:
    recipe = recipe_of({"name": f"{PLACE}.mixed_up"}, f"{PLACE}.flat_classifier")
    first, *others = (train(tmp_path / str(n), recipe) for n in range(3))
    assert all(same_bits(first.state(), each.state()) for each in others)
    assert all(first.result.metrics == each.result.metrics for each in others)


def test_deterministic_operations_end_with_the_run(tensorflow: ModuleType, tmp_path: Path) -> None:
    """A compiled run has the same bits whatever its process trained before."""
    from tensorflow.python.framework import config

    compiled = make_recipe({"training.epochs": 1})
    before = train_into(tmp_path / "before", compiled, programs=shared_programs())
    train(tmp_path / "fit", recipe_of("digits", f"{PLACE}.classifier", epochs=1))
    assert not config.is_op_determinism_enabled()
    traced_before = train_into(tmp_path / "kept", compiled, programs=shared_programs())
    traced_after = train_into(tmp_path / "anew", compiled)
    assert same_bits(before.state(), traced_before.state())
    assert same_bits(before.state(), traced_after.state())


def test_an_operation_without_a_deterministic_form_is_allowed_with_a_note(
    tensorflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CheckpointInterval, "due", True)
    recipe = recipe_of(FUNCTION, f"{PLACE}.without_a_deterministic_form")
    said = "two runs of this seed can differ"
    whole = train(tmp_path / "whole", recipe)
    assert [note[: len(said)] for note in whole.result.notes] == [said]
    assert said in whole.result.environment["repeatable"]
    with pytest.raises(KilledError):
        train(tmp_path / "killed", recipe, killed_after=2)
    went_on = train(tmp_path / "killed", recipe)
    assert went_on.result.notes[1:] == ("continued after epoch 2 of 3",)
    assert same_bits(went_on.state(), whole.state())


def test_a_callback_of_the_users_may_end_it(tensorflow: ModuleType, tmp_path: Path) -> None:
    callbacks = {"name": f"{PLACE}.stops_at_two", "after": 1}
    trained = train(tmp_path, recipe_of("digits", f"{PLACE}.classifier", callbacks=callbacks))
    assert (trained.result.status, trained.result.epochs) == ("completed", 1)


def test_a_loss_that_is_not_finite_is_a_diverged_run(
    tensorflow: ModuleType, tmp_path: Path
) -> None:
    result = train(tmp_path, recipe_of("digits", f"{PLACE}.diverging")).result
    assert (result.status, result.reason) == ("diverged", "train_loss is nan in epoch 1")
    assert result.epochs == 1


@pytest.mark.parametrize("metric", ["test_broken", "validation_broken_last"])
def test_a_metric_that_is_not_finite_diverges_the_run_that_it_judges(
    tensorflow: ModuleType, tmp_path: Path, metric: str
) -> None:
    model = {"name": f"{PLACE}.unmeasured", "judged": "broken"}
    result = train(tmp_path, recipe_of("digits", model), metric).result
    assert (result.status, result.reason) == ("diverged", f"{metric} is nan")
    assert math.isfinite(result.metrics["test_loss"])


def test_a_metric_that_is_not_finite_and_not_judged_removes_that_number_alone(
    tensorflow: ModuleType, tmp_path: Path
) -> None:
    model = {"name": f"{PLACE}.unmeasured", "judged": "broken"}
    result = train(tmp_path, recipe_of("digits", model), "test_loss").result
    assert (result.status, result.reason) == ("completed", "")
    assert not [name for name in result.metrics if "broken" in name]
    (note,) = result.notes
    assert note.startswith("validation_broken_last is nan, validation_broken is nan, test_broken")


@pytest.mark.parametrize(
    ("data", "model", "error", "message"),
    [
        ("digits", "uncompiled", ModelError, "is not compiled; trainer: keras wants a model after"),
        ("digits", "stops_at_two", UserCodeError, "too many positional"),
        (PIPELINE, {"name": f"{PLACE}.contrastive", "widht": 3}, UserCodeError, "'widht'"),
    ],
)  # fmt: skip
def test_a_model_that_fit_cannot_train_is_refused(
    tensorflow: ModuleType, tmp_path: Path, data: Any, model: Any, error: Any, message: str
) -> None:
    name = f"{PLACE}.{model}" if isinstance(model, str) else model
    with pytest.raises(error, match=message):
        train(tmp_path, recipe_of(data, name))


def test_a_trial_of_a_search_is_scored_without_the_test_split(
    tensorflow: ModuleType, tmp_path: Path
) -> None:
    recipe = recipe_of("digits", f"{PLACE}.classifier", epochs=2)
    compared = train(tmp_path / "compared", recipe).result.metrics
    trial = train(tmp_path / "trial", recipe, "validation_accuracy", trial="t").result.metrics
    measured = {"train_seconds"}
    assert trial.keys() == {name for name in compared if not name.startswith("test_")}
    assert "validation_accuracy" in trial
    for name in trial.keys() - measured:
        assert trial[name] == compared[name]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raises", r"raises_at_two: Bad: \S*keras_training\.py:\d+: RuntimeError: boom"),
        ("misspells", r"raises_at_two: EarlyStopping: ValueError: .*val_acuracy"),
    ],
)
def test_a_callback_that_raises_is_named_with_its_line(
    tensorflow: ModuleType, tmp_path: Path, how: str, said: str
) -> None:
    callbacks = {"name": f"{PLACE}.raises_at_two", "how": how}
    with pytest.raises(UserCodeError, match=said) as caught:
        train(tmp_path, recipe_of("digits", f"{PLACE}.classifier", callbacks=callbacks))
    assert caught.value.__cause__ is not None


def test_a_step_of_the_models_own_is_tried_before_training(tensorflow: ModuleType) -> None:
    said = r"breaks_in_its_step: evaluate: \S*keras_training\.py:\d+: LookupError: no such step"
    with pytest.raises(UserCodeError, match=said):
        rehearsed(recipe_of("digits", f"{PLACE}.breaks_in_its_step"), "test_loss")


def test_a_model_that_evaluate_cannot_call_is_refused_before_training(
    tensorflow: ModuleType,
) -> None:
    recipe = recipe_of(PIPELINE, f"{PLACE}.only_trains")
    said = "only_trains: Autoencoder has neither call nor test_step, .* expected test_step"
    with pytest.raises(ModelError, match=said):
        rehearsed(recipe, "test_loss")


def test_a_model_that_keras_cannot_evaluate_is_refused_in_a_line(tensorflow: ModuleType) -> None:
    """Whatever kind of exception it is: those of Python would end a plan in a traceback."""
    said = "keras_training.calls_what_is_not_there: evaluate: NotImplementedError: "
    with pytest.raises(UserCodeError, match=said):
        rehearsed(recipe_of(PIPELINE, f"{PLACE}.calls_what_is_not_there"), "test_loss")


def rehearsed(recipe: KerasRecipe, metric: str) -> None:
    from ablations.training.trainers.keras_fit.trainer import KerasTrainer
    from ablations.training.training_state import Progress

    trainer = KerasTrainer(recipe, SEED, None, metric)
    trainer.start(Progress(), {})
    trainer.rehearse()


def test_a_metric_that_the_model_does_not_measure_is_refused_before_training(
    tensorflow: ModuleType,
) -> None:
    recipe = recipe_of("digits", f"{PLACE}.diverging")  # compiled with mae
    for measured in ("test_mae", "test_loss", "validation_mae_best"):
        rehearsed(recipe, measured)
    with pytest.raises(TrainerError, match=r'no metric "test_maee".* did you mean "test_mae"\?'):
        rehearsed(recipe, "test_maee")


def test_labels_of_another_task_are_told_what_this_trainer_has(tensorflow: ModuleType) -> None:
    with pytest.raises(
        DataError, match=r"for these, data: \{task: regression\} reads a regression"
    ):
        rehearsed(recipe_of("diabetes", f"{PLACE}.diverging"), "test_mae")


def test_a_share_above_1_is_refused_with_the_unit_to_declare(tensorflow: ModuleType) -> None:
    from ablations.training.trainers.keras_fit.trainer import KerasTrainer

    recipe = recipe_of("digits", f"{PLACE}.classifier")
    trainer = KerasTrainer(recipe, SEED, None, "test_accuracy", {"test_accuracy"})
    trainer.model = SimpleNamespace(evaluate=lambda *_, **__: {"accuracy": 90.5})  # type: ignore[assignment]
    trainer.data = SimpleNamespace(validation=None, test=())  # type: ignore[assignment]
    with pytest.raises(TrainerError, match=r"metrics: \{test_accuracy: \{unit: percent\}\}"):
        trainer.test()
    trainer.shares = set()
    assert trainer.test().metrics == {"test_accuracy": 90.5}
