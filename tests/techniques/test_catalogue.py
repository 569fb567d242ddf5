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
from ablations.study.settings import change
from ablations.study.yaml_reader import read_yaml
from ablations.techniques.catalog import FAMILIES
from ablations.user_code import FORM
from tests.support.running import TINY, make_recipe, same_bits, train_into
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
IDS = [f"{title}-{name}" for title, name in ALL]


def naming(title: str, name: str, **parameters: Any) -> dict[str, Any]:
    """Return the change of the tiny recipe that names one technique."""
    settings = {"name": name, **REQUIRED.get(name, {}), **parameters}
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
        resolve(read_yaml(text, "s.yaml"), CATALOG, {})
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


@pytest.fixture(scope="module", params=ALL, ids=IDS)
def case(request, tensorflow, tmp_path_factory):
    """One technique, trained twice in one program: seeds 0 and 1."""
    path = tmp_path_factory.mktemp("runs")
    np.savez(path / "weights.npz", **{"hidden1/kernel": np.full((64, 8), 0.1, np.float32)})
    found = {"path": str(path / "weights.npz")} if request.param[1] == "checkpoint" else {}
    recipe = make_recipe(naming(*request.param, **found))
    first = train_into(path / "first", recipe, seed=0)
    second = train_into(path / "second", recipe, seed=1, programs=first.programs)
    return recipe, first, second


def test_trains_with_a_finite_loss_and_moves_the_weights(case):
    recipe, first, second = case
    for seed, trained in enumerate((first, second)):
        assert trained.result.status == "completed"
        assert math.isfinite(trained.result.metrics["test_loss"])
        trained.program.reset(recipe, seed)
        start = {n: a for n, a in trained.program.state().items() if n.startswith("model/")}
        end = {name: trained.state()[name] for name in start}
        assert not same_bits(start, end)


def test_counts_its_parameters_without_building(case):
    recipe, first, _ = case
    built = sum(math.prod(v.shape) for v in first.program.model.trainable_variables)
    assert recipe.model.parameters((8, 8), 10) == built == first.result.parameters


def test_another_seed_traces_nothing_anew(case):
    _, first, second = case
    assert len(second.programs._kept) <= len(second.result.stages)
    assert first.result.seconds["compile"] > 0
    assert second.result.seconds["compile"] == 0


def test_a_used_program_repeats_a_seed_bit_for_bit(case, tmp_path):
    recipe, first, _ = case
    again = train_into(tmp_path / "again", recipe, seed=0, programs=first.programs)
    assert again.result.seconds["compile"] == 0
    assert same_bits(first.state(), again.state())


def test_seeds_differ(case):
    _, first, second = case
    assert first.epochs()[-1]["train_loss"] != second.epochs()[-1]["train_loss"]


def test_its_recipe_survives_the_file(case):
    recipe, first, _ = case
    document = read_yaml(first.directory.recipe.read_text(), "recipe.yaml")
    again = Recipe.model_validate(document.data, context={"catalog": CATALOG})
    assert again == recipe
    assert Recipe.model_validate(document.data).settings() == recipe.settings()


@pytest.mark.parametrize(("title", "name"), ALL, ids=IDS)
def test_rejects_an_unknown_parameter(tensorflow, title, name):
    changes = naming(title, name, no_such_knob=1)
    if name in EXAMPLES.values():  # what a user's function takes, only the function can tell
        with pytest.raises(UserCodeError, match="unexpected keyword argument 'no_such_knob'"):
            make_recipe(changes).model.parameters((8, 8), 10)
        return
    assert 'unknown key "no_such_knob"' in refusal(changes)


@pytest.mark.parametrize(("title", "name"), ALL, ids=IDS)
def test_rejects_text_for_every_number(title, name):
    fields = FAMILIES[title].find(name).model_json_schema()["properties"]
    plain = {"number", "integer", "boolean"}
    for field, schema in fields.items():
        if plain & {part.get("type") for part in schema.get("anyOf", [schema])}:
            message = refusal(naming(title, name, **{field: "much"}))
            assert f"{PLACES[title]}.{field}: wants" in message
            assert 'got "much" (text)' in message


@pytest.mark.parametrize(("title", "name"), ALL, ids=IDS)
def test_rejects_numbers_out_of_range(title, name):
    for field, outside in bounds(FAMILIES[title].find(name)):
        number = 10**400 if outside == math.inf else outside  # read back as infinity
        message = refusal(naming(title, name, **{field: number}))
        assert f"{PLACES[title]}.{field}: wants" in message


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


@pytest.mark.parametrize(
    ("title", "alias", "name"),
    [(t, alias, name) for t, family in FAMILIES.items() for alias, name in family.aliases.items()],
)
def test_an_alias_is_recorded_by_the_name_it_stands_for(title, alias, name):
    assert make_recipe(naming(title, alias)) == make_recipe(naming(title, name))
