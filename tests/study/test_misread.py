"""Text where a number or a boolean is meant is refused with its place and the right spelling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ablations.cli import main
from ablations.errors import AblationsError, StudyError
from ablations.execution.catalog import CATALOG
from ablations.interface.written import studies_of
from ablations.study.load import resolve
from ablations.study.schema import Study
from ablations.study.settings import short
from ablations.study.yaml_reader import read_yaml, reads_as

STUDY = """\
study: s
question: "?"
trainer: python:tests.support.own_training.train
base:
  settings:
    rate: 0.1
    flag: false
    mode: "off"
    sizes: [1, 2]
    limit: null
control: a
arms:
  a: {}
  b: {settings.mode: fast}
seeds: 2
metrics: {error: {}, validation_error: {}}
metric: error
"""
ARM = "settings.mode: fast"


def load(text: str, overrides: Mapping[str, Any] | None = None) -> Study:
    (study,) = resolve(read_yaml(text, "s.yaml"), CATALOG, overrides or {})
    return study


def problems(old: str, new: str) -> list[str]:
    assert old in STUDY
    with pytest.raises(StudyError) as caught:
        load(STUDY.replace(old, new))
    return str(caught.value).splitlines()


AS_THE_BASE = [
    ("flag", "no", "true or false", '"no" (text); did you mean false?'),
    ("flag", "Yes", "true or false", '"Yes" (text); did you mean true?'),
    ("flag", '"true"', "true or false", '"true" (text); did you mean true?'),
    ("rate", "1_000", "a number", '"1_000" (text); did you mean 1000?'),
    ("rate", '"0.2"', "a number", '"0.2" (text); did you mean 0.2?'),
    ("rate", "0x1F", "a number", '"0x1F" (text); did you mean 31?'),
    ("rate", ".inf", "a number", '".inf" (text); infinity and NaN are not accepted'),
    ("rate", "-.NaN", "a number", '"-.NaN" (text); infinity and NaN are not accepted'),
    ("rate", "None", "a number", '"None" (text); did you mean null?'),
]


@pytest.mark.parametrize(("setting", "written", "kind", "got"), AS_THE_BASE)
def test_an_arm_is_of_the_kind_that_the_base_is(
    setting: str, written: str, kind: str, got: str
) -> None:
    place = f"s.yaml:14:{7 + len(setting) + len('settings.: ')}: arms.b.settings.{setting}"
    assert problems(ARM, f"settings.{setting}: {written}") == [
        f"{place}: expected {kind}, as the base has, got {got}"
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (ARM, "settings.sizes: [1, 2_0]", "14:27: arms.b.settings.sizes.1: expected a number"),
        (ARM, 'settings.sizes: [1, 2, "3"]', "14:30: arms.b.settings.sizes.2: expected a number"),
        (ARM, "settings.limit: 1_0", "14:23: arms.b.settings.limit: 1_0 is read as text; did you"),
        (ARM, "settings.rate: 1e999", "14:22: arms.b.settings.rate: expected a finite number, got"),
        (
            f"arms:\n  a: {{}}\n  b: {{{ARM}}}",
            "design: one_at_a_time\nfactors:\n  settings.flag: [false, no]",
            '14:26: factors.settings.flag.1: expected true or false, as the base has, got "no"',
        ),
        (
            f"arms:\n  a: {{}}\n  b: {{{ARM}}}",
            'design: full_factorial\nfactors:\n  settings.rate: {x: 1, y: "2"}\n'
            "  settings.mode: [a, b]",
            '14:28: factors.settings.rate.y: expected a number, as the base has, got "2" (text)',
        ),
        (
            "seeds: 2",
            'seeds: 2\ntune: {settings: {settings.rate: [1, "2"]}, metric: validation_error}',
            '16:38: tune.settings.settings.rate.1: expected a number, as the base has, got "2"',
        ),
        (
            "seeds: 2",
            "seeds: 2\nover: {settings.flag: [yes, no]}",
            '16:24: over.settings.flag.0: expected true or false, as the base has, got "yes"',
        ),
    ],
)
def test_so_are_lists_levels_tried_values_and_parts(old: str, new: str, line: str) -> None:
    assert problems(old, new)[0].startswith(f"s.yaml:{line}")


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("off", "did you mean false?"),
        ("1_000.5", "did you mean 1000.5?"),
        (".inf", "infinity and NaN are not accepted"),
    ],
)
def test_in_the_base_text_that_looks_like_a_number_takes_quotes(value: str, advice: str) -> None:
    assert problems("limit: null", f"limit: {value}") == [
        f"s.yaml:10:12: base.settings.limit: {value} is read as text; {advice} Text takes quotes: "
        f'"{value}"'
    ]
    study = load(STUDY.replace("limit: null", f'limit: "{value}"'))
    assert study.base.settings["limit"] == value


@pytest.mark.parametrize(
    ("arm", "value"),
    [
        ("settings.rate: auto", "auto"),
        ("settings.rate: cosine-2", "cosine-2"),
        ("settings.rate: {name: cosine, low: 1}", {"name": "cosine", "low": 1}),
        ("settings.rate: 64-64", "64-64"),
        ("settings.rate: null", None),
        ("settings.flag: 1", 1),
        ("settings.mode: no", "no"),
        ("settings.mode: 3", 3),
        ('settings.limit: "1_0"', "1_0"),
        ("settings.limit: none", "none"),
        ("settings.sizes: [a, 3]", ["a", 3]),
    ],
)
def test_what_is_meant_as_text_stays(arm: str, value: Any) -> None:
    study = load(STUDY.replace(ARM, arm))
    assert study.arm("b").recipe.settings[arm.split(":")[0].removeprefix("settings.")] == value


def test_set_is_held_to_the_base_too() -> None:
    for path, value, message in (
        (
            "settings.flag",
            "no",
            'expected true or false, as the base has, got "no" (text); did you',
        ),
        ("settings.rate", math.inf, "expected a finite number, got inf"),
    ):
        with pytest.raises(AblationsError, match=f"--set {path}: ") as caught:
            load(STUDY, {path: value})
        assert message in str(caught.value)
    assert load(STUDY, {"settings.mode": "no"}).base.settings["mode"] == "no"


def test_parameters_of_a_users_model_are_free_and_fields_with_a_type_say_so_once() -> None:
    text = """\
study: s
question: "?"
trainer: keras
base:
  data: digits
  model: {name: "python:tests.support.keras_training.classifier", width: 8, norm: no}
  training: {epochs: 1, keep_checkpoint: no}
control: a
arms: {a: {}, b: {model.width: "9"}}
seeds: 2
"""
    with pytest.raises(StudyError) as caught:
        load(text)
    assert [str(p).split(": ", 1)[1] for p in caught.value.problems] == [
        'base.training.keep_checkpoint: wants true or false, got "no" (text); did you mean false?'
    ]
    with pytest.raises(StudyError) as caught:
        load(text.replace(", keep_checkpoint: no", ""))
    assert [str(p) for p in caught.value.problems] == [
        "s.yaml:6:83: base.model.norm: no is read as text; did you mean false? Text takes quotes: "
        '"no"',
        's.yaml:9:32: arms.b.model.width: expected a number, as the base has, got "9" (text); did '
        "you mean 9?",
    ]


def test_a_study_of_python_says_text_by_its_type_and_has_no_infinity() -> None:
    content = {
        "study": "s",
        "question": "?",
        "trainer": "python:tests.support.own_training.train",
        "base": {"settings": {"rate": "no"}},
        "control": "a",
        "arms": {"a": {}, "b": {"settings.rate": "yes"}},
        "seeds": 2,
        "metrics": {"error": {}},
        "metric": "error",
    }
    assert studies_of(content)[0].base.settings == {"rate": "no"}
    with pytest.raises(StudyError, match=r"arms\.b\.settings\.rate: expected a number"):
        studies_of({**content, "base": {"settings": {"rate": 1}}})
    with pytest.raises(AblationsError, match="rate: expected a finite number, got inf"):
        studies_of({**content, "base": {"settings": {"rate": math.inf}}})


@given(st.one_of(st.text(), st.sampled_from(["yes", "1_0", "0b1", "~", "tRue", "1__0", "_1"])))
def test_each_spelling_is_read_as_what_it_says(text: str) -> None:
    spelling = reads_as(text)
    if spelling:
        assert not isinstance(read_yaml(spelling, "").data, str)
    if spelling is None:  # then PyYAML reads none of the four either, but for dates and the like
        assert not isinstance(_by_pyyaml(text), (bool, int, float))


def _by_pyyaml(text: str) -> Any:
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    return text if ":" in text else read


def test_the_plan_shows_text_that_looks_like_a_number_in_quotes(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    arm = 'settings.limit: "1_0", settings.mode: no'
    (tmp_path / "s.yaml").write_text(STUDY.replace(ARM, arm))
    plan = CliRunner().invoke(main, ["plan", "s.yaml"]).output
    assert 'settings.mode: "off" → "no"' in plan
    assert 'settings.limit: null → "1_0"' in plan
    assert [short(text) for text in ("none", "elu", "0.2", "null", ["a", "1"])] == [
        *("none", "elu", '"0.2"', '"null"', '[a, "1"]')
    ]
