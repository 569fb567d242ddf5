"""A study over several data sets: its parts, and what is wrong with how they are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ablations.errors import AblationsError, StudyError
from ablations.execution.catalog import CATALOG
from ablations.study.load import load_studies
from ablations.study.schema import Study

TEXT = """\
study: tasks
question: Which activation?
base:
  data: {name: digits, validation: 100}
  model: {hidden: [30, 20], activation: elu}
  training: {batch_size: 20, epochs: 2, optimizer: {name: sgd, learning_rate: 1e-2}}
over: {data.name: [digits, mnist]}
control: elu
arms:
  elu: {}
  relu: {model.activation: relu}
seeds: 3
"""
OVER = "over: {data.name: [digits, mnist]}"
Load = Callable[..., tuple[Study, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(over: str = OVER, old: str = "", new: str = "", **overrides: object):
        path = tmp_path / "tasks.yaml"
        path.write_text(TEXT.replace(OVER, over).replace(old, new))
        return load_studies(path, CATALOG, {k.replace("__", "."): v for k, v in overrides.items()})

    return load_text


def test_each_value_makes_a_part_that_has_all_else_in_common(load: Load) -> None:
    digits, mnist = load()
    assert [digits.study, mnist.study] == ["tasks+data.name=digits", "tasks+data.name=mnist"]
    assert mnist.part is not None
    assert mnist.part.of == "tasks"
    assert mnist.part.names() == (digits.study, mnist.study)
    assert {arm.trained.data.name for arm in mnist.arms} == {"mnist"}
    assert Study.model_validate(mnist.model_dump(mode="json")).part == mnist.part
    own = {"study", "part", "base", "arms"}
    assert mnist.model_dump(exclude=own) == digits.model_dump(exclude=own)
    (alone,) = load("", "", "")
    assert alone.part is None
    assert [arm.recipe for arm in alone.arms] == [arm.recipe for arm in digits.arms]


def test_a_value_may_have_a_label_and_bring_other_settings(load: Load) -> None:
    few, many = load("over: {data.train_examples: {few: 100, many: null}}")
    assert [part.arms[1].trained.data.train_examples for part in (few, many)] == [100, None]
    large = "large: {data.name: mnist, training.epochs: 5}"
    small, large_part = load(f"over: {{data.name: {{small: digits, {large}}}}}")
    assert (small.arms[0].trained.training.epochs, small.study) == (2, "tasks+data.name=small")
    assert large_part.arms[0].trained.data.name == "mnist"
    assert large_part.arms[0].trained.training.epochs == 5
    rates = load("over: {training.optimizer.learning_rate: [0.1, 0.2]}", training__epochs=7)
    assert [part.study[-4:] for part in rates] == ["=0.1", "=0.2"]
    assert {part.arms[0].trained.training.epochs for part in rates} == {7}


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("over: [digits]", "7:7: over: wants one dotted path with at least two values, such as"),
        ("over: {}", "7:7: over: wants one dotted path"),
        ("over: {data: [digits, mnist]}", 'got "data"'),
        ("over: {data.name: [digits]}", "7:7: over: data.name: wants one dotted path"),
        ("over: {data.name: digits}", "7:7: over: data.name: wants one dotted path"),
        ("over: {data.name: [digits, mnist], data.validation: [1, 2]}", "7:7: over: wants one"),
        (
            "over: {data.name: [digits, digits]}",
            '7:28: over.data.name.1: two are labelled "digits"; expected a mapping, label: value '
            "(the other: tasks.yaml:7:20)",
        ),
        (
            "over: {data.validation: {Few: 100, few: 200}}",
            '7:36: over.data.validation.few: "few" shares its directory with "Few" where case '
            "makes no difference (the other: tasks.yaml:7:26)",
        ),
        ("over: {data.name: {a/b: digits, c: mnist}}", '"a/b" (text) cannot name a directory'),
        ("over: {data.name: [digits, nmist]}", '7:28: over.data.name.1: unknown data set "nmist"'),
        ("over: {data.name: {a: digits, b: nmist}}", "over.data.name.b: unknown data set"),
        ("over: {data.nme: [digits, mnist]}", 'unknown key "nme"'),
    ],
)
def test_what_is_wrong_with_it_is_one_line(load: Load, over: str, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(over)
    here = f"{Path(caught.value.problems[0].file).parent}/"
    lines = {str(problem).replace(here, "") for problem in caught.value.problems}
    assert any(message in line for line in lines), lines
    assert len({line.partition(": ")[2][:40] for line in lines}) <= 2  # of the base, at most twice


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("relu: {model", "relu: {data.name: mnist, model", "11:"),
        ("seeds: 3", "tune: {settings: {data.name: [digits, mnist]}}\nseeds: 3", "12:"),
        ("seeds: 3", "factors: {data.name: [a, b]}\ndesign: one_at_a_time\nseeds: 3", "12:"),
    ],
)
def test_nothing_else_may_change_what_it_spans(load: Load, old: str, new: str, place: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(OVER, old, new)
    wanted = "over spans data.name; wants another path"
    assert [p for p in caught.value.problems if p.message == wanted and f"{p.line}:" == place]


def test_set_may_not_either(load: Load) -> None:
    with pytest.raises(AblationsError, match=r"--set data\.name: over spans data\.name"):
        load(data__name="mnist")
