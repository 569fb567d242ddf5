"""Recipes that share a program get the bits that a fresh program gives them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ablations.study.structure import live_numbers
from ablations.study.technique import LIVE
from ablations.techniques.catalog import FAMILIES
from tests.support.running import make_recipe, same_bits
from tests.support.sweeps import a_third_every_day

EXAMPLES = {"constant": {"value": 0.2}, "identity": {"gain": 2.0}}
SMALL = {"model.hidden": [5, 5], "data.train_examples": 40, "training.batch_size": 10}


def names(title: str) -> list[str]:
    return [technique.model_fields["name"].default for technique in FAMILIES[title].techniques]


INITIALIZERS, OPTIMIZERS, ACTIVATIONS = map(names, ("initializer", "optimizer", "activation"))
SHARE = -(-len(ACTIVATIONS) // len(OPTIMIZERS))
CASES = [
    (optimizer, activation)
    for number, optimizer in enumerate(OPTIMIZERS)
    for activation in (ACTIVATIONS * SHARE)[number * SHARE : (number + 1) * SHARE]
]
"""Every optimizer and every activation, each with every initializer."""
ROTATING = {
    "training.clipping": names("clipping"),
    "training.regularization": names("regularization"),
    "training.constraint": names("constraint"),
    "training.weight_average": names("weight average"),
    "training.label_smoothing": names("label smoothing"),
    "model.normalization": names("normalization"),
}


def starting(initializer: str) -> dict:
    """Return the change that names an initializer."""
    return {"model.initializer": {"name": initializer, **EXAMPLES.get(initializer, {})}}


def built(recipe):
    from ablations.data.catalog import read
    from ablations.training.trainers.compiled.program import Program

    return Program(recipe, read("digits", None))


def initial_state(program, recipe, seed=3) -> dict:
    program.reset(recipe, seed)
    return program.state()


@pytest.mark.parametrize(
    ("optimizer", "activation"), a_third_every_day(CASES, map("-".join, CASES))
)
def test_every_initializer_starts_as_in_a_fresh_program(tensorflow, optimizer, activation):
    # The first state that a program is in is the one it could wrongly remember: all weights equal.
    chosen = {**SMALL, "model.hidden": [5]}
    chosen |= {"training.optimizer": optimizer, "model.activation": activation}
    shared = built(make_recipe({**chosen, **starting("constant")}))
    wrong = []
    for initializer in INITIALIZERS:
        recipe = make_recipe({**chosen, **starting(initializer)})
        if not same_bits(initial_state(shared, recipe), initial_state(built(recipe), recipe)):
            wrong.append(initializer)
    assert wrong == []


def test_the_cases_cover_the_catalogue():
    assert {optimizer for optimizer, _ in CASES} == set(OPTIMIZERS)
    assert {activation for _, activation in CASES} == set(ACTIVATIONS)


def in_use(number: int, optimizer: str) -> dict:
    """Return a recipe's changes with an optimizer, every kind of technique that has live numbers,
    its members in turn, and all live numbers away from zero.
    """
    turn = {path: options[number % len(options)] for path, options in ROTATING.items()}
    own = {"sgd": {"momentum": 0.5}, "ftrl": {"initial_accumulator_value": 1e-10}}
    return {
        **SMALL,
        **turn,
        "training.optimizer": {"name": optimizer, "weight_decay": 0.01, **own.get(optimizer, {})},
        "model.dropout": 0.2,
        "model.input_dropout": 0.1,
    }


def moved(recipe) -> Iterator[tuple[str, float]]:
    """Yield dotted path and another allowed value of each live number of a recipe."""
    sections = {"model": recipe.model, "training": recipe.training}
    for section, settings in sections.items():
        for path, value in live_numbers(settings).items():
            yield f"{section}.{path}", value * 0.5


def trained(program, recipe) -> dict:
    """Return the state after one epoch."""
    program.reset(recipe, 3)
    rows = np.arange(40, dtype=np.int32).reshape(4, 10)
    rate = recipe.training.optimizer.learning_rate
    program.loop.run(rows, np.full(4, rate, np.float32), 0, 1)
    return program.state()


@pytest.mark.parametrize("number", a_third_every_day(range(len(OPTIMIZERS)), OPTIMIZERS))
def test_every_live_number_trains_as_in_a_fresh_program(tensorflow, number):
    from ablations.data.catalog import read
    from ablations.training.trainers.compiled.programs import compile_key

    base = in_use(number, OPTIMIZERS[number])
    recipe, data = make_recipe({**base, **starting("constant")}), read("digits", None)
    shared = built(recipe)
    changes = dict(moved(recipe))
    other = make_recipe({**base, **changes, **starting("he_normal")})
    assert compile_key(recipe, data) == compile_key(other, data)
    trained(shared, recipe)
    assert same_bits(trained(shared, other), trained(built(other), other))
    alone = {path: make_recipe({**base, path: value}) for path, value in changes.items()}
    before = trained(shared, make_recipe(base))
    without_effect = [p for p, r in alone.items() if same_bits(before, trained(shared, r))]
    assert without_effect == []


def test_every_live_number_of_the_catalogue_is_among_them(tensorflow):
    tried = set()
    for number, optimizer in enumerate(OPTIMIZERS):
        recipe = make_recipe(in_use(number, optimizer))
        for path, _ in moved(recipe):
            *place, field = path.split(".")
            holder = recipe
            for part in place:
                holder = getattr(holder, part)
            tried.add((type(holder).__name__, field))
    declared = {
        (technique.__name__, field)
        for family in FAMILIES.values()
        for technique in family.techniques
        for field, info in technique.model_fields.items()
        if LIVE in info.metadata and technique.__name__ != "CNN"
    }
    assert declared - tried == set()
