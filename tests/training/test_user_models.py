"""A user's own Keras model: steady names and draws, all techniques, and what is refused."""

from __future__ import annotations

import importlib
import re
import sys

import numpy as np
import pytest

from ablations.data.catalog import read
from ablations.errors import ModelError, UserCodeError
from tests.support.running import make_recipe, same_bits
from tests.support.user_code import PACKAGE
from tests.techniques.test_catalogue import refusal

FRESH_PROGRAMS = True

KINDS = ["build", "sequential", "subclass", "same", "embedding"]


def recipe_of(function, **changes):
    return make_recipe({"model": f"{PACKAGE}.{function}", **changes})


def program_of(function, **changes):
    from ablations.training.trainers.compiled.program import Program

    recipe = recipe_of(function, **changes)
    program = Program(recipe, read("digits", None))
    program.tested = recipe
    return program


def start(program, seed):
    program.reset(program.tested, seed)
    return {n: a for n, a in program.state().items() if n.startswith("model/")}


@pytest.fixture(scope="module", params=KINDS)
def programs(request, tensorflow):
    """The same model built twice, with a building of something else between."""
    import keras

    first = program_of(request.param)
    keras.Sequential([keras.layers.Dense(3), keras.layers.LSTM(2)])
    return first, program_of(request.param)


def test_names_and_draws_do_not_depend_on_what_was_built_before(programs):
    first, second = programs
    assert same_bits(start(first, 3), start(second, 3))
    start(first, 4)  # a used program starts a seed as a new one does
    assert same_bits(start(first, 3), start(second, 3))


def test_seeds_start_from_different_draws(programs):
    one, other = start(programs[0], 1), start(programs[0], 2)
    moved = [n for n in one if n.endswith(("kernel", "embeddings", "scale"))]
    assert moved
    assert not any(np.array_equal(one[name], other[name]) for name in moved)


def test_no_two_variables_start_from_the_same_draws(programs):
    arrays = [a for n, a in start(programs[0], 1).items() if np.ptp(a) > 0 and a.size > 2]
    corners = {tuple(array.ravel()[:3]) for array in arrays}
    assert len(corners) == len(arrays)


def test_trains_with_every_technique_around_it(programs, train, request):
    changes = {
        "training.optimizer": "adam",
        "training.clipping": {"name": "by_norm", "threshold": 0.1},
        "training.weight_average": {"name": "ema", "decay": 0.5},
    }
    name = request.node.callspec.params["programs"]
    trained = train(recipe_of(name, **changes))
    assert trained.result.status == "completed"
    assert trained.result.parameters == recipe_of(name).model.parameters((8, 8), 10)
    assert {"test_accuracy_raw", "dead_unit_share", "weight_sparsity"} <= set(trained.metrics())
    assert trained.epochs()[0]["share_of_steps_clipped"] > 0
    again = train(recipe_of(name, **changes), programs=trained.programs)
    assert same_bits(trained.state(), again.state())


def test_draws_are_those_of_the_layers_own_initializers(tensorflow):
    state = start(program_of("build", **{"model.hidden": [400, 300]}), 0)
    kernel = next(a for n, a in state.items() if n.endswith("dense_1/kernel"))
    limit = np.sqrt(6 / 700)  # Glorot's uniform, which is Keras's default
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)


def test_the_forget_gate_of_an_lstm_starts_open_as_in_keras(tensorflow):
    import keras

    layer = keras.layers.LSTM(5)
    layer.build((None, 8, 8))
    state = start(program_of("sequential"), 0)
    bias = next(a for n, a in state.items() if n.endswith("lstm_cell/bias"))
    np.testing.assert_array_equal(bias, layer.cell.bias.numpy())
    assert bias.sum() == 5


@pytest.mark.parametrize(
    ("function", "layers"),
    [
        ("build", ["dense", "dense_1"]),
        ("sequential", ["re_lu"]),
        ("subclass", ["outputs"]),
    ],
)
def test_histograms_show_the_layers_with_an_activation(tensorflow, function, layers):
    program = program_of(function, **({"model.hidden": [8, 6]} if function == "build" else {}))
    assert program.observer.layers == layers


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("no_model", "wants a function that returns a keras.Model, got int"),
        ("too_wide", r"wants one logit a class, \[10\], got \[11\]"),
        (
            "no_classes",
            r"is called as no_classes\(\(8, 8\), 10\), .*got no_classes\(input_shape\)",
        ),
        ("own_train_step", "its own train_step would not be called"),
        ("own_compute_loss", "its own compute_loss would not be called"),
        ("own_fit", "its own fit would not be called"),
        ("compiled", "comes compiled, and its optimizer and loss would not be used"),
        ("softmax", "wants logits; its last layer dense is a softmax"),
        ("of_one_shape_only", r"wants inputs of shape \[8, 8\], got a model of \[3, 3\]"),
        ("raises", r"user_code.py:\d+: LookupError: no weights$"),
        ("nowhere", "has no function nowhere"),
        ("PACKAGE", "has no function PACKAGE"),
    ],
)
def test_a_function_that_gives_no_fitting_model_is_refused_in_a_line(tensorflow, function, says):
    with pytest.raises((ModelError, UserCodeError), match=says) as caught:
        recipe_of(function).model.parameters((8, 8), 10)
    assert re.match(rf"{PACKAGE}.{function}: ", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("python:no_such_package.build", "no module no_such_package in the working directory"),
        ("python:tests.no_such_module.build", "no module tests.no_such_module in"),
        ("python:build", 'wants python:module.function, got "python:build"'),
        ("python:tests/user_code.build", "wants python:module.function"),
        ("pyhton:tests.build", 'unknown model "pyhton:tests.build"; '),
    ],
)
def test_a_function_that_is_not_there_is_refused_before_anything_is_imported(name, says):
    assert says in refusal({"model": name})
    assert says.replace("model", "data set") in refusal({"data.name": name})


def test_the_fingerprint_follows_the_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine_that_changes.py"
    recipes = []
    for text in ("def build(s, c): pass", "def build(s, c): return 1", "def build(s, c): pass"):
        file.write_text(text)
        recipes.append(make_recipe({"model": "python:mine_that_changes.build"}))
    first, second, third = (recipe.without_telemetry() for recipe in recipes)
    assert first["model"]["code"] != second["model"]["code"]
    assert first == third
    file.write_text("def build(s, c): return 2")
    again = make_recipe({"model": first["model"]})
    assert again.without_telemetry() == first  # as a worker reads it back
    with pytest.raises(UserCodeError, match="its code has changed since the study was read"):
        again.model.parameters((8, 8), 10)


def test_every_file_of_a_package_counts_and_no_code_of_it_runs(tmp_path, monkeypatch):
    from ablations.user_code import UserFunction

    monkeypatch.chdir(tmp_path)
    inner = tmp_path / "own_package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").write_text("raise SystemExit")
    (inner / "nets.py").write_text("")
    function = UserFunction.named("python:own_package.inner.nets.build")
    assert [path.name for path in function.files()] == ["__init__.py", "__init__.py", "nets.py"]
    before = function.digest()
    (inner / "layers.py").write_text("width = 3")
    assert function.digest() != before


def test_a_package_that_the_path_leads_to_twice_counts_once(tmp_path, monkeypatch):
    (tmp_path / "unmarked").mkdir()  # without an __init__, so in each place of the path
    (tmp_path / "unmarked" / "net.py").write_text("def build(): pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    from ablations.user_code import UserFunction

    once = UserFunction.named("python:unmarked.net.build")
    digest = once.digest()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    assert [path.name for path in once.files()] == ["net.py"]
    assert once.digest() == digest
