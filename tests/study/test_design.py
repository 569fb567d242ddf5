"""Factors span arms by a design."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ablations.errors import StudyError
from ablations.execution.catalog import CATALOG
from ablations.study.design import Factor, label_of, span
from ablations.study.load import load_studies, resolve
from ablations.study.yaml_reader import read_yaml

FACTORS = (
    Factor("model.activation", {"elu": "elu", "relu": "relu", "tanh": "tanh"}),
    Factor("training.batch_size", {"10": 10, "20": 20}),
)


def cells(design, factors=FACTORS):
    return {cell.name: tuple(cell.labels.values()) for cell in span(factors, design, "control")}


def test_one_at_a_time_moves_one_factor_from_the_first_levels():
    assert cells("one_at_a_time") == {
        "control": ("elu", "10"),
        "activation-relu": ("relu", "10"),
        "activation-tanh": ("tanh", "10"),
        "batch_size-20": ("elu", "20"),
    }


def test_leave_one_out_takes_one_factor_back_from_the_last_levels():
    assert cells("leave_one_out") == {
        "control": ("tanh", "20"),
        "activation-elu": ("elu", "20"),
        "batch_size-10": ("tanh", "10"),
    }


def test_full_factorial_crosses_all_levels():
    assert cells("full_factorial") == {
        "control": ("elu", "10"),
        "batch_size-20": ("elu", "20"),
        "activation-relu": ("relu", "10"),
        "activation-relu_batch_size-20": ("relu", "20"),
        "activation-tanh": ("tanh", "10"),
        "activation-tanh_batch_size-20": ("tanh", "20"),
    }


@given(st.lists(st.integers(2, 4), min_size=1, max_size=4))
def test_designs_have_as_many_different_cells_as_they_should(sizes):
    factors = tuple(
        Factor(f"a.f{n}", {str(level): level for level in range(size)})
        for n, size in enumerate(sizes)
    )
    counts = {
        "one_at_a_time": 1 + sum(size - 1 for size in sizes),
        "leave_one_out": 1 + len(sizes),
        "full_factorial": math.prod(sizes),
    }
    for design, count in counts.items():
        spanned = span(factors, design, "c")
        assert len({cell.name for cell in spanned}) == len(spanned) == count
        assert len({tuple(cell.labels.values()) for cell in spanned}) == count


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (None, "none"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (0.01, "0.01"),
        ({"name": "adam", "beta_1": 0.5}, "adam"),
        ([300, 100], "300-100"),
        ("a/b", "a-b"),
    ],
)
def test_a_level_is_labelled_by_its_value(value, label):
    assert label_of(value) == label


STUDY = """\
study: s
question: "?"
base:
  data: {name: digits}
  model: {hidden: [8]}
  training: {batch_size: 10, epochs: 1, optimizer: sgd}
design: DESIGN
factors:
FACTORS
seeds: 2
"""


@pytest.fixture
def load(tmp_path):
    def load_text(factors, design="one_at_a_time", more=""):
        lines = "\n".join(f"  {line}" for line in factors)
        path = tmp_path / "s.yaml"
        path.write_text(STUDY.replace("DESIGN", design).replace("FACTORS", lines) + more)
        return load_studies(path, CATALOG)[0]

    return load_text


def refusal(load, *arguments, **options):
    with pytest.raises(StudyError) as caught:
        load(*arguments, **options)
    return str(caught.value)


def test_spanned_arms_carry_their_levels_and_changes(load):
    study = load(["model.activation: [elu, relu]", "training.batch_size: {small: 5, large: 20}"])
    assert study.arm_names == ("control", "activation-relu", "batch_size-large")
    arm = study.arm("batch_size-large")
    assert arm.levels == {"model.activation": "elu", "training.batch_size": "large"}
    assert arm.recipe.training.batch_size == 20
    assert study.arm("control").recipe.training.batch_size == 5


def test_a_parameter_and_its_technique_can_be_two_factors(load):
    factors = ["training.optimizer: [sgd, adam]", "training.optimizer.learning_rate: [0.1, 0.01]"]
    study = load(factors, "full_factorial")
    optimizers = [arm.recipe.training.optimizer for arm in study.arms]
    assert [(o.name, o.learning_rate) for o in optimizers] == [
        ("sgd", 0.1),
        ("sgd", 0.01),
        ("adam", 0.1),
        ("adam", 0.01),
    ]


def test_arms_may_stand_beside_the_design_but_not_twice(load):
    factors = ["model.activation: [elu, relu]"]
    more = "arms:\n  wide: {model.hidden: [9]}\n"
    assert load(factors, more=more).arm_names == ("control", "activation-relu", "wide")
    twice = "arms:\n  activation-relu: {model.hidden: [9]}\n"
    assert 'the design already spans an arm called "activation-relu"' in refusal(
        load, factors, more=twice
    )


def test_a_factor_with_one_level_is_refused(load):
    (line,) = refusal(load, ["model.activation: [elu]"]).splitlines()
    assert line.endswith(":9:21: factors.model.activation: wants at least two different levels")


def test_two_levels_with_one_label_are_refused_rather_than_merged(load):
    levels = "[{name: sgd, learning_rate: 1}, {name: sgd, learning_rate: 2}, adam]"
    (line,) = refusal(load, [f"training.optimizer: {levels}"]).splitlines()
    assert ':9:55: factors.training.optimizer.1: two levels are labelled "sgd"' in line
    assert line.endswith("s.yaml:9:24)")  # the other


def test_factors_and_design_go_together(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(STUDY.replace("design: DESIGN\n", "").replace("FACTORS", "  a.b: [1, 2]"))
    with pytest.raises(StudyError, match="factors and design go together"):
        load_studies(path, CATALOG)[0]


def test_an_unknown_design_is_refused(load):
    assert "design: wants one of 'one_at_a_time'" in refusal(load, ["a.b: [1, 2]"], "latin")


def test_a_factorial_whose_labels_tell_the_cells_apart_is_named_by_them() -> None:
    words = Factor("model.activation", {"elu": 0, "relu": 1}), Factor("a.b", {"few": 0, "many": 1})
    named = [cell.name for cell in span(words, "full_factorial", "control")]
    assert named == ["control", "many", "relu", "relu-many"]
    shared = Factor("a.b", {"off": 0, "on": 1}), Factor("a.c", {"off": 0, "on": 1})
    named = [cell.name for cell in span(shared, "full_factorial", "control")]
    assert named == ["control", "c-on", "b-on", "b-on_c-on"]


PATHS = ["a.rate", "b.rate", "a.b.rate", "a.Rate", "b.size", "size"]
LABELS = ["a", "b", "c", "a-b", "b-c", "A", "0.2", "a_rate-b", "b_size-a", "control"]
OWN = """\
study: s
question: "?"
trainer: {{command: [train, "{{seed}}", "{{directory}}", {words}]}}
base: {{settings: {{{settings}}}}}
design: {design}
factors: {{{factors}}}
arms: {{b.rate-a: {{settings.other: 1}}}}
metrics: {{error: {{}}}}
metric: error
seeds: 2
"""


@st.composite
def own_factors(draw):
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True))
    labels = st.lists(st.sampled_from(LABELS), min_size=2, max_size=3, unique=True)
    return {path: draw(labels) for path in paths}


@given(own_factors(), st.sampled_from(["one_at_a_time", "leave_one_out", "full_factorial"]))
@settings(max_examples=150)
@example({"a.rate": ["a", "0.2"], "b.rate": ["a", "0.2"]}, "one_at_a_time")
@example({"a.rate": ["a", "a-b", "c"], "b.size": ["b", "b-c", "a_rate-b"]}, "full_factorial")
@example({"a.rate": ["b", "a", "a_size-b"], "size": ["a", "b"]}, "full_factorial")
def test_no_two_arms_share_a_name_or_the_study_is_refused_with_both_places(factors, design):
    levels = {path: {label: n for n, label in enumerate(of)} for path, of in factors.items()}
    text = OWN.format(
        words=", ".join(f'"{{{path}}}"' for path in [*PATHS, "other"]),
        settings="a: {rate: 9, Rate: 9, b: {rate: 9}}, b: {rate: 9, size: 9}, size: 9, other: 9",
        design=design,
        factors=", ".join(f"settings.{path}: {json.dumps(of)}" for path, of in levels.items()),
    )
    try:
        (study,) = resolve(read_yaml(text, "s.yaml"), CATALOG, {})
    except StudyError as error:
        for problem in error.problems:
            assert problem.line
            assert re.search(r'spans an arm called "|shares its directory with "', problem.message)
            place, line = re.search(r"the other: (s\.yaml:(\d+):\d+)\)", problem.message).groups()
            assert 6 <= int(line) <= 7
            assert place != problem.place
        return
    assert len({arm.name.casefold() for arm in study.arms}) == len(study.arms)
    assert len({repr(arm.recipe) for arm in study.arms}) == len(study.arms)


def named(factors, design="one_at_a_time"):
    every = tuple(Factor(path, dict.fromkeys(labels)) for path, labels in factors.items())
    return [cell.name for cell in span(every, design, "control")]


def test_factors_with_equal_last_names_are_told_apart_by_more_of_their_paths() -> None:
    rates = {"settings.a.rate": ["0.1", "0.2"], "settings.b.rate": ["0.1", "0.2"]}
    assert named(rates) == ["control", "a.rate-0.2", "b.rate-0.2"]
    assert named({**rates, "training.epochs": ["1", "2"]})[-1] == "epochs-2"
    momenta = {
        "model.normalization.momentum": ["0", "0.9"],
        "training.optimizer.momentum": ["0", "0.9"],
    }
    assert named(momenta)[1:] == ["normalization.momentum-0.9", "optimizer.momentum-0.9"]
    nested = {"rate": ["0", "1"], "a.rate": ["0", "1"]}
    assert named(nested)[1:] == ["rate-1", "a.rate-1"]


def test_names_that_do_not_collide_are_as_short_as_before() -> None:
    rates = {"settings.a.rate": ["0.1", "0.2"], "settings.b.rate": ["0.1", "0.3"]}
    assert named(rates) == ["control", "rate-0.2", "rate-0.3"]


def test_labels_that_join_ambiguously_are_told_apart_by_their_factors() -> None:
    labels = {"s.x": ["zero", "a", "a-b"], "s.y": ["nil", "c", "b-c"]}
    assert named(labels, "full_factorial") == [
        *("control", "y-c", "y-b-c"),
        *("x-a", "x-a_y-c", "x-a_y-b-c"),
        *("x-a-b", "x-a-b_y-c", "x-a-b_y-b-c"),
    ]


def test_an_arm_beside_the_design_names_the_level_whose_name_it_has(load) -> None:
    factors = ["model.activation: [elu, relu]"]
    twice = "arms:\n  activation-relu: {model.hidden: [9]}\n"
    (line,) = refusal(load, factors, more=twice).splitlines()
    assert ':12:3: arms.activation-relu: the design already spans an arm called "activa' in line
    assert line.endswith("s.yaml:9:27)")
