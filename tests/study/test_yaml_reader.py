"""The YAML reader: core types, marks, and the refusal of what could hurt."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ablations.errors import StudyError
from ablations.study.yaml_reader import (
    _CONTROL,
    MAXIMUM_BYTES,
    MAXIMUM_DEPTH,
    MAXIMUM_NODES,
    parse_scalar,
    read_yaml,
)


def refusal(text):
    with pytest.raises(StudyError) as caught:
        read_yaml(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100_000.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-3", -3),
        ("007", 7),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("false", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text, value):
    assert read_yaml(f"a: {text}", "f").data == {"a": value}
    assert parse_scalar(text) == value
    assert type(parse_scalar(text)) is type(value)


def test_quotes_make_text():
    assert read_yaml("""a: "1e-3"\nb: '5'\nc: "true"\n""", "f").data == {
        "a": "1e-3",
        "b": "5",
        "c": "true",
    }


def test_every_value_and_key_knows_where_it_stood():
    document = read_yaml("a:\n  b: [1, {c: 2}]\n", "f")
    assert document.data == {"a": {"b": [1, {"c": 2}]}}
    assert document.values[("a", "b", 1, "c")] == (2, 14)
    assert document.keys[("a", "b", 1, "c")] == (2, 11)
    assert str(document.problem(("a", "b", 1, "d"), "x")) == "f:2:10: a.b.1.d: x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 'f.yaml:3:1: the key "a" stands twice'),
        ("a:\n  x: 1\n  x: 1\n", 'f.yaml:3:3: a: the key "x" stands twice'),
        ("a: &one 1\n", "f.yaml:1:4: anchors (&name) are not allowed"),
        ("a: 1\nb: *a\n", "f.yaml:2:4: aliases (*name) are not allowed"),
        ("a: {<<: {b: 1}}\n", "f.yaml:1:5: a: merge keys (<<) are not allowed"),
        ("a: !!python/object:os.system 1\n", "are not allowed"),
        ("a: !!str 1\n", "f.yaml:1:4: tags (tag:yaml.org,2002:str) are not allowed"),
        ("a: !!map {b: 1}\n", "f.yaml:1:4: tags (tag:yaml.org,2002:map) are not allowed"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: one document a file"),
        ("? [a, b]\n: 1\n", "f.yaml:1:3: a key must be plain text"),
        ("a: [1, 2\n", "not YAML"),
        ("a: 'open\n", "not YAML"),
        ("a: \x01\n", "not YAML"),
        ("\ta: 1\n", "not YAML"),
    ],
)
def test_what_could_mislead_is_refused_with_its_place(text, message):
    assert message in refusal(text)
    assert "\n" not in refusal(text)


def test_an_alias_bomb_is_refused_at_its_first_anchor():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi")]  # noqa: B905
    assert refusal("\n".join(lines)) == "f.yaml:1:4: anchors (&name) are not allowed"


def test_depth_is_limited():
    def nest(depth):
        return "a: " + "[" * depth + "]" * depth

    assert read_yaml(nest(MAXIMUM_DEPTH - 1), "f").data["a"] == eval("[" * 19 + "]" * 19)
    assert f"nested more than {MAXIMUM_DEPTH} deep" in refusal(nest(MAXIMUM_DEPTH))
    assert f"nested more than {MAXIMUM_DEPTH} deep" in refusal(nest(50_000))


def test_the_number_of_values_is_limited():
    assert f"more than {MAXIMUM_NODES} values" in refusal("[" + "1," * MAXIMUM_NODES + "]")


def test_the_number_of_bytes_is_limited():
    text = "#" * (MAXIMUM_BYTES - 5) + "\na: 1"
    assert read_yaml(text, "f").data == {"a": 1}
    assert "is larger than" in refusal(text + " ")


@pytest.mark.parametrize("content", [b"a: \xff\xfe\xfa", b"\xff\xfea", b"\x00"])
def test_bytes_that_are_no_text_are_refused(content):
    assert "not YAML" in refusal(content)


def load_or_message(text):
    """Return the data and the beginning of any error, or None and the error itself."""
    try:
        return read_yaml(text, "f.yaml").data, "f.yaml:"
    except StudyError as error:
        return None, str(error)


@given(st.text(max_size=80) | st.text("{}[]:,-?&*!|>'\"%@#<~ \n\tab01.e\\Ux", max_size=60))
@example('"\\UFFFFFFFF"')
@example('a: "\\uD800"')
@example("%YAML 1.1\n---\na: 1")
@example("%YAML " + "9" * 5000 + ".1\n---\na: 1")
@example("%TAG ! tag:x,2000:\n---\n!a 1")
@example("? \n: ")
def test_any_text_loads_or_is_refused(text):
    data, message = load_or_message(text)
    assert message.startswith("f.yaml:")
    yaml.safe_dump(data, allow_unicode=True).encode()  # what a run writes


@given(st.binary(max_size=60))
def test_any_bytes_load_or_are_refused(content):
    assert load_or_message(content)[1].startswith("f.yaml:")


SHOWN = st.text(max_size=12).filter(lambda text: not _CONTROL.search(text))  # others are refused
PLAIN = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | SHOWN
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.recursive(
        PLAIN | FLOATS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_what_pyyaml_writes_is_read_back(data):
    text = yaml.safe_dump(data, allow_unicode=True)
    assert read_yaml(text, "f").data == data
