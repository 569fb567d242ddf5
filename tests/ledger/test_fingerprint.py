"""What the fingerprint follows, what it ignores, and studies read back from a dump."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint, hash_settings
from ablations.study.expand import expand
from ablations.study.load import load_studies
from ablations.study.recipe import Recipe
from ablations.study.schema import Study
from ablations.study.settings import flatten
from ablations.study.yaml_reader import read_yaml
from tests.support.running import make_recipe

RICH = {
    "data.classes": [0, 1, 2],
    "model.activation": {"name": "leaky_relu", "negative_slope": 0.2},
    "model.initializer": "he_normal",
    "model.normalization": "batch_norm",
    "model.dropout": 0.3,
    "training.clipping": "by_norm",
    "training.weight_average": "ema",
    "training.schedule": "exponential",
    "training.regularization": "l1",
    "training.constraint": "max_norm",
    "training.augmentation": {"shift_pixels": 1},
    "training.early_stopping": "patience",
    "training.optimizer": {"name": "adamw", "learning_rate": 1e-5},
}
OTHER_NAMES = {
    "code": None,  # a directory, whose files count: see tests/execution/test_code.py
    "data.name": "mnist",
    "model.name": "cnn",
    "model.activation.name": "elu",
    "model.initializer.name": "lecun_normal",
    "model.normalization.name": "layer_norm",
    "training.clipping.name": "by_value",
    "training.optimizer.name": "adam",
    "training.schedule.name": "cosine",
    "training.regularization.name": "l2",
    "training.weight_average.name": None,
    "training.constraint.name": None,
    "training.augmentation.name": None,
    "training.early_stopping.name": None,
    "training.precision.name": "mixed_bfloat16",
}

ABSENT = {
    "transfer": {"source": {"name": "autoencoder", "epochs": 1}},
    "training.label_smoothing": 0.1,
    "training.loss": "categorical_crossentropy",
    "training.metrics": ["sparse_top_k_categorical_accuracy"],
    "training.class_weights": "balanced",
    "data.scale": "standardize",
    "files_hash": "0123456789abcdef",
}
"""What a recipe may have that the rich one lacks."""


def other(path, value):
    """Return another legal value of one leaf."""
    if path in ABSENT:
        return ABSENT[path]
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value, 3]
    words = {"position": "after", "dropout_kind": "alpha", "layers": "hidden1"}
    for ending, word in words.items():
        if path.endswith(ending):
            return word
    if path.endswith("monitor"):
        return "validation_accuracy"
    if value is None:
        return 0.25 if path.endswith("weight_decay") else 7
    return value + 1 if isinstance(value, int) else value * 0.5 or 0.125


LEAVES = [
    path
    for path in flatten(make_recipe(RICH).settings())
    if not path.startswith("telemetry.") and OTHER_NAMES.get(path, "") is not None
]


@pytest.mark.parametrize("path", LEAVES)
def test_every_setting_of_the_science_changes_it(path):
    base = make_recipe(RICH)
    if path in OTHER_NAMES:
        section = path.removesuffix(".name") if path != "data.name" else path
        changed = make_recipe({**RICH, section: OTHER_NAMES[path]})
    else:
        changed = make_recipe({**RICH, path: other(path, flatten(base.settings())[path])})
    assert fingerprint(changed, 0, "d") != fingerprint(base, 0, "d")


def test_seed_and_data_change_it():
    recipe = make_recipe(RICH)
    prints = {fingerprint(recipe, *rest) for rest in ((0, "d"), (1, "d"), (0, "e"))}
    assert len(prints) == 3


@pytest.mark.parametrize("name", ["histograms_every_epochs", "gradient_samples_per_epoch"])
def test_telemetry_does_not_change_it(name):
    quiet = make_recipe({**RICH, f"telemetry.{name}": 5})
    assert fingerprint(quiet, 0, "d") == fingerprint(make_recipe(RICH), 0, "d")


def test_a_default_written_out_does_not_change_it():
    bare = make_recipe({"training.optimizer": "adam"})
    full = make_recipe({"training.optimizer": {"name": "adam", "learning_rate": 1e-3}})
    assert fingerprint(bare, 0, "d") == fingerprint(full, 0, "d")


RECORDED = json.loads((Path(__file__).parent / "fingerprints_of_0_2_0.json").read_text())
"""Runs as version 0.2.0 recorded them: recipe, seed, digest of the data, fingerprint."""


@pytest.mark.parametrize("context", [{"catalog": CATALOG}, None], ids=["catalogue", "record"])
def test_runs_of_0_2_0_keep_their_fingerprints(context):
    changed = [
        each["run"]
        for each in RECORDED
        if fingerprint(
            Recipe.model_validate(each["recipe"], context=context),
            each["seed"],
            each["data_digest"],
        )
        != each["fingerprint"]
    ]
    assert RECORDED
    assert changed == []


def test_a_setting_added_since_then_changes_it_only_away_from_its_default():
    for each in RECORDED:
        settings = {key: value for key, value in each["recipe"].items() if key != "telemetry"}
        prints = [
            hash_settings(
                {**settings, "training": {**settings["training"], "label_smoothing": value}},
                each["seed"],
                each["data_digest"],
            )
            for value in (None, 0.1)
        ]
        assert [found == each["fingerprint"] for found in prints] == [True, False]


STUDY = """\
study: NAME
question: QUESTION
base:
  data: {name: digits, validation: 0.1}
  model: {hidden: {depth: 3, width: 10}, initializer: he_normal}
  training: {batch_size: 20, epochs: 2, optimizer: {name: adam, learning_rate: 1e-5}}
control: CONTROL
arms:
  CONTROL: {}
  average: {training.weight_average: {name: ema, decay: 0.9}}
  swish: {model.activation: swish, training.clipping: clipnorm}
seeds: [0, 4]
margin: 1e-3
claims:
  - {better: average, than: CONTROL, source: notes, text: "it helps: much"}
"""


def load(tmp_path, name="one", question="Why?", control="plain"):
    path = tmp_path / "s.yaml"
    text = STUDY.replace("NAME", name).replace("QUESTION", question)
    path.write_text(text.replace("CONTROL", control))
    return load_studies(path, CATALOG, {"training.epochs": 3})[0]


def prints(study):
    return [fingerprint(run.recipe, run.seed, "d") for run in expand(study)]


def test_names_and_words_do_not_change_it(tmp_path):
    first = load(tmp_path)
    assert len(set(prints(first))) == 6
    assert prints(first) == prints(load(tmp_path, "two", "How?", "bare"))


@pytest.mark.parametrize("catalogue", [True, False])
def test_a_dumped_study_is_read_back_the_same(tmp_path, catalogue):
    study = load(tmp_path)
    text = yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    data = read_yaml(text, "study.yaml").data
    again = Study.model_validate(data, context={"catalog": CATALOG} if catalogue else None)
    assert again.model_dump(mode="json") == study.model_dump(mode="json")
    assert prints(again) == prints(study)
    if catalogue:
        assert again == study
