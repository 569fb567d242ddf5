"""The transfer block of a recipe: what it declares, and what it refuses before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from ablations.training.stage import describe, stages_of
from tests.support.running import make_recipe
from tests.techniques.test_catalogue import refusal

AUTOENCODER = {"transfer.source": {"name": "autoencoder", "epochs": 3}}
FREEZE = {**AUTOENCODER, "transfer.freeze": "hidden1"}
TASK = {"name": "task", "changes": {"training.epochs": 7}}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"transfer.reuse": ".*"}, "base.transfer.source: is missing"),
    ({**AUTOENCODER, "transfer.reuse": "hidden["}, '"hidden[" is no regular expression: '),
    ({**AUTOENCODER, "transfer.cache": True}, "cache and unfreeze want freeze"),
    (
        {**FREEZE, "transfer.unfreeze": [{"after_epochs": 2}, {"after_epochs": 1}]},
        "unfreeze wants after_epochs that rise, got [2, 1]",
    ),
    (
        {**FREEZE, "transfer.cache": True, "training.augmentation": {"noise": 0.1}},
        "base.transfer.cache: does not go with augmentation",
    ),
    (
        {"transfer.source": {"name": "task", "changes": {"training.epochs": 0}}},
        "base.transfer.source.changes: training.epochs: wants a number ≥ 1, got 0",
    ),
    (
        {"transfer.source": {"name": "task", "changes": {"training.epoch": 2}}},
        'unknown key "epoch"; did you mean "epochs"?',
    ),
    ({"transfer.source": {"name": "autoencodr"}}, 'did you mean "autoencoder"?'),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_cannot_be_meant_is_refused_where_it_stands(
    changes: dict[str, Any], message: str
) -> None:
    refused = refusal(changes)
    assert message in refused
    assert refused.startswith("s.yaml:")


def test_a_run_without_transfer_is_one_stage() -> None:
    (stage,) = stages_of(make_recipe({"training.epochs": 4}))
    assert (stage.name, stage.epochs, stage.own_task) == ("train", 4, True)


def test_the_first_task_is_the_recipe_itself_but_for_what_it_changes() -> None:
    recipe = make_recipe({"transfer.source": TASK, "training.early_stopping": "patience"})
    assert recipe.source == make_recipe(
        {"training.epochs": 7, "training.early_stopping": "patience"}
    )
    names = [(stage.name, stage.epochs) for stage in stages_of(recipe)]
    assert names == [("source_task", 7), ("fine_tune", 1)]


def test_pretraining_takes_data_and_optimizer_of_the_recipe_unless_it_says_otherwise() -> None:
    optimizer = {"name": "adam", "learning_rate": 0.5}
    recipe = make_recipe(AUTOENCODER)
    before = stages_of(recipe)[0].recipe
    assert before.training.optimizer == recipe.training.optimizer
    assert before.data.train_examples is None  # the labels of 60, the pixels of all
    own = {**AUTOENCODER, "transfer.source.optimizer": optimizer, "transfer.source.examples": 99}
    before = stages_of(make_recipe(own))[0].recipe
    assert before.training.optimizer.name == "adam"
    assert (before.data.train_examples, before.training.epochs) == (99, 3)


def test_a_training_that_ends_before_a_release_has_no_such_stage() -> None:
    releases = [{"after_epochs": 1, "freeze": "hidden1"}, {"after_epochs": 2}]
    changes = {**FREEZE, "transfer.unfreeze": releases}
    counts = {
        epochs: [s.epochs for s in stages_of(make_recipe({**changes, "training.epochs": epochs}))]
        for epochs in (1, 2, 3)
    }
    assert counts == {1: [3, 1], 2: [3, 1, 1], 3: [3, 1, 1, 1]}


def test_stages_are_described_with_the_epochs_that_the_run_counts() -> None:
    changes = {**FREEZE, "training.epochs": 5, "transfer.unfreeze": [{"after_epochs": 2}]}
    rows = describe(stages_of(make_recipe(changes))).split("\n")[2:]
    assert rows == [
        "| pretrain | 1–3 | autoencoder | none |",
        "| fine_tune1 | 4–5 | the recipe's own | hidden1 |",
        "| fine_tune2 | 6–8 | the recipe's own | none |",
    ]
