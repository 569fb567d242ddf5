"""What every technique promises, checked for every technique in the catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import yaml

from ablations.errors import StudyError, UserCodeError
from ablations.execution.catalog import CATALOG
from ablations.study.load import resolve
from ablations.study.recipe import Recipe
from ablations.study.scores import SCORES
from ablations.study.settings import change
from ablations.study.yaml_reader import read_yaml
from ablations.techniques.catalog import FAMILIES
from ablations.user_code import FORM
from tests.support.running import TINY, make_recipe, same_bits, train_into
from tests.support.sweeps import a_third_every_day
from tests.support.user_code import PACKAGE

PLACES: Mapping[str, str] = {
    "activation": "model.activation",
    "initializer": "model.initializer",
    "normalization": "model.normalization",
    "model": "model",
    "clipping": "training.clipping",
    "optimizer": "training.optimizer",
    "weight average": "training.weight_average",
    "schedule": "training.schedule",
    "regularization": "training.regularization",
    "constraint": "training.constraint",
    "augmentation": "training.augmentation",
    "early stopping": "training.early_stopping",
    "pretraining": "transfer.source",
    "label smoothing": "training.label_smoothing",
    "loss": "training.loss",
    "metric": "training.metrics.0",
    "precision": "training.precision",
}
REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "piecewise_constant": {"boundaries_epochs": [0.5], "factors_of_rate": [0.1]},
    "perturbation": {"shift_pixels": 1, "rotation_degrees": 5.0, "noise": 0.1},
    "checkpoint": {"path": "weights.npz"},
    "task": {"changes": {"data.train_examples": 40}},
    **{name: {"epochs": 1} for name in ("autoencoder", "same_class_pairs", "good_or_corrupted")},
}
"""What has no default."""
EXAMPLES = {FORM: f"{PACKAGE}.build"}
"""What stands for the names that are forms."""
ALL = [
    (title, EXAMPLES.get(name := technique.model_fields["name"].default, name))
    for title, family in FAMILIES.items()
    for technique in family.techniques
]


def naming(title: str, name: str, **parameters: Any) -> dict[str, Any]:
    """Return the change of the tiny recipe that names one technique."""
    settings = {"name": name, **REQUIRED.get(name, {}), **parameters}
    if title == "metric":
        return {"training.metrics": [settings]}
    return {f"{PLACES[title]}.{key}": value for key, value in settings.items()}


def refusal(changes: Mapping[str, Any]) -> str:
    """Return the error of a study whose base is changed so; fail if it loads."""
    study = {
        "study": "s",
        "question": "?",
        "base": change(TINY, changes),
        "control": "a",
        "arms": {"a": {}, "b": {"data.train_examples": 40}},
        "seeds": 1,
    }
    text = yaml.safe_dump(study, sort_keys=False)
    with pytest.raises(StudyError) as caught:
        resolve(read_yaml(text, "s.yaml"), CATALOG, {})[0]
    return str(caught.value)


def bounds(technique: Any) -> list[tuple[str, Any]]:
    """Return (field, value just outside what it allows) for all numeric fields."""
    found = []
    for name, schema in technique.model_json_schema()["properties"].items():
        for part in schema.get("anyOf", [schema]):
            if part.get("type") not in ("number", "integer"):
                continue
            outside = {
                "exclusiveMinimum": lambda bound: bound,
                "minimum": lambda bound: bound - 1,
                "exclusiveMaximum": lambda bound: bound,
                "maximum": lambda bound: bound + 1,
            }
            found += [(name, make(part[key])) for key, make in outside.items() if key in part]
            if part["type"] == "number":
                found.append((name, math.inf))
    return found


def test_every_family_has_a_place_in_the_recipe():
    assert PLACES.keys() == FAMILIES.keys()


@pytest.fixture(scope="module")
def programs(tensorflow):
    """The programs of all techniques: those that shape no graph share one."""
    from ablations.training.trainers.compiled.programs import Programs

    return Programs()


OF_THE_TASK = ("loss", "metric")
"""What ``tests/training/test_tasks.py`` holds against Keras, as each wants labels of its own."""
TRAINED = [(title, name) for title, name in ALL if title not in OF_THE_TASK]


@pytest.mark.parametrize(("title", "name"), a_third_every_day(TRAINED, map("-".join, TRAINED)))
def test_keeps_what_every_technique_promises(programs, tmp_path, title, name):
    np.savez(tmp_path / "weights.npz", **{"hidden1/kernel": np.full((64, 8), 0.1, np.float32)})
    found = {"path": str(tmp_path / "weights.npz")} if name == "checkpoint" else {}
    recipe = make_recipe(naming(title, name, **found))
    first, second, again = (
        train_into(tmp_path / path, recipe, seed, programs)
        for path, seed in (("first", 0), ("second", 1), ("again", 0))
    )
    broken = {
        "trains with a finite loss": all(
            trained.result.status == "completed"
            and math.isfinite(trained.result.metrics["test_loss"])
            for trained in (first, second)
        ),
        "moves the weights": all(
            moves_the_weights(trained, recipe, seed) for trained, seed in ((first, 0), (second, 1))
        ),
        "counts its parameters without building": recipe.model.parameters((8, 8), 10)
        == first.result.parameters
        == sum(math.prod(v.shape) for v in first.program.classifier.trainable_variables)
        or recipe.transfer is not None,
        "traces nothing anew for another seed": second.result.seconds["compile"] == 0,
        "repeats a seed bit for bit": same_bits(first.state(), again.state())
        and again.result.seconds["compile"] == 0,
        "differs between seeds": first.epochs()[-1]["train_loss"]
        != second.epochs()[-1]["train_loss"],
        "survives its file": survives_its_file(first, recipe),
    }
    assert [promise for promise, kept in broken.items() if not kept] == []


def moves_the_weights(trained, recipe, seed):
    trained.program.reset(recipe, seed)
    start = {n: a for n, a in trained.program.state().items() if n.startswith("model/")}
    return not same_bits(start, {name: trained.state()[name] for name in start})


def survives_its_file(trained, recipe):
    document = read_yaml(trained.directory.recipe.read_text(), "recipe.yaml")
    again = Recipe.model_validate(document.data, context={"catalog": CATALOG})
    without_catalog = Recipe.model_validate(document.data)
    return again == recipe and without_catalog.settings() == recipe.settings()


def test_rejects_an_unknown_parameter(tensorflow):
    accepted = []
    for title, name in ALL:
        changes = naming(title, name, no_such_knob=1)
        if name in EXAMPLES.values() and title in OF_THE_TASK:
            continue  # what a user's function takes, it is only called with
        if name in EXAMPLES.values():  # what a user's function takes, only the function can tell
            with pytest.raises(UserCodeError, match="unexpected keyword argument 'no_such_knob'"):
                make_recipe(changes).model.parameters((8, 8), 10)
        elif 'unknown key "no_such_knob"' not in refusal(changes):
            accepted.append((title, name))
    assert accepted == []


def test_rejects_text_for_every_number():
    plain, tried, wrong = {"number", "integer", "boolean"}, 0, []
    for title, name in ALL:
        fields = FAMILIES[title].find(name).model_json_schema()["properties"]
        for field, schema in fields.items():
            if plain & {part.get("type") for part in schema.get("anyOf", [schema])}:
                tried += 1
                message = refusal(naming(title, name, **{field: "much"}))
                place = f"{PLACES[title]}.{field}: wants"
                if place not in message or 'got "much" (text)' not in message:
                    wrong.append((title, name, field, message))
    assert wrong == []
    assert tried > 100


def test_rejects_numbers_out_of_range():
    tried, wrong = 0, []
    for title, name in ALL:
        for field, outside in bounds(FAMILIES[title].find(name)):
            tried += 1
            number = 10**400 if outside == math.inf else outside  # read back as infinity
            message = refusal(naming(title, name, **{field: number}))
            if f"{PLACES[title]}.{field}: wants" not in message:
                wrong.append((title, name, field, message))
    assert wrong == []
    assert tried > 100


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            naming("activation", "rrelu", lower=0.4),
            "model.activation: wants lower ≤ upper, got 0.4",
        ),
        (naming("initializer", "uniform", minval=1), "model.initializer: wants minval ≤ maxval"),
    ],
)
def test_rejects_bounds_in_the_wrong_order(changes, message):
    assert message in refusal(changes)


def test_an_alias_is_recorded_by_the_name_it_stands_for():
    aliases = [(t, alias, name) for t, f in FAMILIES.items() for alias, name in f.aliases.items()]
    other = []
    for title, alias, name in aliases:
        task = SCORES[name].task if title == "metric" else None  # the one that a metric grades
        beside = {"training.loss": task.loss} if task else {}
        recipes = [make_recipe({**beside, **naming(title, each)}) for each in (alias, name)]
        other += [] if recipes[0] == recipes[1] else [alias]
    assert aliases
    assert other == []
