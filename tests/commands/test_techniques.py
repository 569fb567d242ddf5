"""``ablations techniques``, held against the models themselves: nothing is left out or made up."""

from __future__ import annotations

import inspect
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from ablations.commands import catalogue
from ablations.commands.techniques import techniques
from ablations.data.catalog import DATA_SETS, by_name
from ablations.data.mnist import MNIST
from ablations.errors import AblationsError, StudyError
from ablations.execution.catalog import CATALOG
from ablations.study.load import resolve
from ablations.study.yaml_reader import read_yaml
from ablations.techniques.catalog import FAMILIES
from ablations.user_code import FORM
from tests.support.running import TINY, make_recipe

ALL = [
    (title, technique.model_fields["name"].default, technique)
    for title, family in FAMILIES.items()
    for technique in family.techniques
]
ARM = "an arm of a study that uses it:"
HOSTS = {
    "model.recurrent_initializer": {"model.name": "rnn"},
    "transfer.source.optimizer": {"transfer.source": {"name": "autoencoder", "epochs": 1}},
}
"""What a place needs around it to be there."""


@cache
def printed(name: str | None = None, width: int = 1000) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    techniques(name, console)
    return console.file.getvalue()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def page(title: str, name: str, width: int = 1000) -> list[str]:
    """Return the lines about one technique; a name may be in several families."""
    text = lines(printed(name, width))
    start = next(n for n, line in enumerate(text) if line.startswith(f"{name}: {title}, at "))
    end = next(n for n in range(start, len(text)) if text[n] == ARM)
    return text[start : end + 2]


def paragraphs(docstring: str | None) -> list[str]:
    text = inspect.cleandoc(docstring or "").replace("``", "`")
    return [" ".join(part.split()) for part in text.split("\n\n")]


def test_every_technique_is_printed_with_its_documentation_and_names() -> None:
    missing = []
    for title, name, technique in ALL:
        text = page(title, name)
        aliases = [a for a, meant in FAMILIES[title].aliases.items() if meant == name]
        wanted = [*paragraphs(technique.__doc__)]
        wanted += [f"also called {', '.join(aliases)}"] if aliases else []
        missing += [f"{title} {name}: {line}" for line in wanted if not line or line not in text]
    assert missing == []


SIGNS = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
WORDS = {"number": "number", "integer": "whole number", "boolean": "true or false"}


def expected(schema: dict, required: bool) -> list[str]:
    """Return what must be said of a parameter, from its JSON schema."""
    words = []
    for part in schema.get("anyOf", [schema]):
        if "enum" in part:
            words.append(f"one of {', '.join(map(str, part['enum']))}")
        elif part.get("type") in WORDS:
            words.append(WORDS[part["type"]])
        words += ["null"] if part.get("type") == "null" else []
        words += [f"{sign} {part[key]:g}" for key, sign in SIGNS.items() if key in part]
    default = schema.get("default")
    if required:
        words.append("required")
    elif isinstance(default, float):
        words.append(f"{default:g}")
    elif not isinstance(default, (list, dict)):
        words.append(default if isinstance(default, str) else json.dumps(default))
    return words


def test_every_parameter_is_printed_with_type_bounds_and_default() -> None:
    wrong = []
    for title, name, technique in ALL:
        schema = technique.model_json_schema()
        text = page(title, name)
        start = next((n for n, line in enumerate(text) if line.startswith("parameter ")), len(text))
        rows = {line.split()[0]: line for line in text[start + 1 :] if line and line[0] != " "}
        for field in technique.model_fields:
            if field == "name":
                continue
            required = field in schema.get("required", ())
            for word in expected(schema["properties"][field], required):
                if word not in rows.get(field, ""):
                    wrong.append(f"{title} {name} {field}: wants {word}, got {rows.get(field)}")
    assert wrong == []


def test_a_fields_docstring_is_its_meaning_also_where_a_base_class_has_it() -> None:
    assert "The largest angle about the centre, either way." in printed("perturbation")
    row = next(line for line in page("optimizer", "adam") if line.startswith("weight_decay "))
    assert row.endswith("Decoupled: w ← w − η · weight_decay · w at each step.")


def test_every_arm_that_is_printed_can_be_pasted_into_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module.py").write_text("def function(): ...\n")  # as the form names it
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    head = {"study": "s", "question": "?", "base": TINY, "control": "plain", "seeds": 6}
    wrong = []
    names = [*((title, name) for title, name, _ in ALL), *(("data set", n) for n in DATA_SETS)]
    for title, name in names:
        arm = page(title, name)[-1]
        text = yaml.safe_dump(head) + f"arms:\n  plain: {{data.validation: 31}}\n{arm}\n"
        try:
            study = resolve(read_yaml(text, "s.yaml"), CATALOG, {})
        except StudyError as error:
            wrong.append(f"{title} {name}: {arm}: {error}")
        else:
            assert name in arm
            assert len(study.arms) == 2
    assert wrong == []


def test_the_overview_holds_every_technique_below_its_family_with_its_first_line() -> None:
    text = lines(printed())
    for title, family in FAMILIES.items():
        start = next(n for n, line in enumerate(text) if line.split("  ")[0] == title)
        rows = text[start + 1 : text.index("", start)]
        assert [tuple(row.split(maxsplit=1)) for row in rows] == [
            (t.model_fields["name"].default, paragraphs(t.__doc__.split("\n")[0])[0])
            for t in family.techniques
        ]
    assert all(any(line.split()[:1] == [name] for line in text) for name in DATA_SETS)
    assert any(line.startswith("training.batch_size ") for line in text)


def test_a_place_takes_the_techniques_of_its_family_and_no_others() -> None:
    found = [group for group in catalogue.groups() if group.title in FAMILIES]
    assert [group.title for group in found] == list(FAMILIES)
    for group in found:
        assert group.places, group.title
        for place in group.places:
            with pytest.raises(ValueError, match=f'unknown {group.title} "no_such"'):
                make_recipe({**HOSTS.get(place, {}), f"{place}.name": "no_such"})


@pytest.mark.parametrize(
    "name", ["early stopping", "early_stopping", "training.early_stopping", "Early Stopping"]
)
def test_a_family_is_found_by_title_and_by_place(name: str) -> None:
    text = printed(name)
    assert text.startswith("early stopping: at training.early_stopping\n")
    assert "patience_epochs, monitor, min_delta, every_epochs" in text


def test_a_family_is_printed_with_whole_formulas_and_the_meaning_of_their_symbols() -> None:
    text = printed("optimizer")
    assert "With `momentum` β: v ← βv − ηg, w ← w + v, so η stands inside the velocity." in text
    assert "g is the gradient, η the learning rate, w the weights." in text


def test_an_alias_shows_what_it_stands_for_and_a_name_in_two_families_both() -> None:
    assert printed("clipnorm") == printed("by_norm")
    heads = [line for line in lines(printed(f"{FORM[:7]}mine.build")) if line.startswith(FORM)]
    assert [head.split(", at ")[0] for head in heads] == [f"{FORM}: data set", f"{FORM}: model"]


def test_a_parameter_or_a_section_shows_its_settings() -> None:
    rows = [line for line in lines(printed("dropout")) if line.startswith("model.dropout ")]
    assert len(rows) == 1
    assert "mlp, cnn" in rows[0]
    assert "number ≥ 0 and < 1" in rows[0]
    section = lines(printed("training"))
    assert any(line.startswith("training.batch_size ") for line in section)
    assert not any("momentum" in line for line in section)


@pytest.mark.parametrize("width", [80, 120])
def test_everything_fits_the_width_and_no_name_is_cut(width: int) -> None:
    texts = [printed(None, width), *(printed(title, width) for title in FAMILIES)]
    pages = {(title, name): page(title, name, width) for title, name, _ in ALL}
    texts += ["\n".join(text[:-1]) for text in pages.values()]
    assert [line for text in texts for line in lines(text) if len(line) > width] == []
    cut = [
        f"{title} {name}: {field}"
        for title, name, technique in ALL
        for field in technique.model_fields
        if field != "name" and f"\n{field} " not in "\n".join(pages[title, name])
    ]
    assert cut == []


@pytest.fixture
def fresh_pages() -> Iterator[None]:
    printed.cache_clear()
    yield
    printed.cache_clear()


@pytest.mark.usefixtures("fresh_pages")
def test_what_is_new_in_a_table_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    elu = FAMILIES["activation"].find("elu")

    class Stairs(elu):
        """⌊z⌋, by steps."""

        step: float = 2.5
        """How high a step is."""

    Stairs.model_fields["name"] = elu.model_fields["name"]._copy()
    Stairs.model_fields["name"].default = "stairs"
    family = FAMILIES["activation"]
    family = replace(family, techniques=(*family.techniques, Stairs))
    monkeypatch.setattr(catalogue, "FAMILIES", {**FAMILIES, "activation": family})
    new_data = by_name(*DATA_SETS.values(), replace(MNIST, name="kmnist", description="Cursive."))
    monkeypatch.setattr(catalogue, "DATA_SETS", new_data)
    overview = [tuple(line.split(maxsplit=1)) for line in lines(printed())]
    assert ("stairs", "⌊z⌋, by steps.") in overview
    assert ("kmnist", "Cursive.") in overview
    row = next(line for line in page("activation", "stairs") if line.startswith("step "))
    assert row.split(maxsplit=3) == ["step", "number", "2.5", "How high a step is."]


@pytest.mark.parametrize(
    ("name", "near"), [("adm", "adam"), ("clippin", "clipping"), ("batchsize", "batch_size")]
)
def test_an_unknown_name_is_one_line_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(AblationsError) as caught:
        printed(name)
    message = str(caught.value)
    assert message.startswith(f'nothing to ablate is called "{name}"; did you mean "{near}"? Known')
    assert "\n" not in message
    assert len(message) < 300


def test_a_name_that_is_near_nothing_gets_the_families() -> None:
    with pytest.raises(AblationsError, match="Known: activation, augmentation, clipping, "):
        printed("qqqqq")


@pytest.mark.parametrize("arguments", [[], ["activation"], ["muon"], ["nothing"]])
def test_the_command_loads_nothing_heavy_and_prints_plain_text(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from ablations.cli import main\n"
        "status = 0\n"
        "try:\n    main(['techniques', *sys.argv[1:]])\n"
        "except SystemExit as error:\n    status = error.code\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'scipy', 'tensorboard', 'numpy'}\n"
        "found = heavy & {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(f'loaded {found}' if found else status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    unknown = arguments == ["nothing"]
    assert done.returncode == (2 if unknown else 0), done.stderr
    assert len(done.stderr.splitlines()) == int(unknown)
    assert "\x1b" not in done.stdout
