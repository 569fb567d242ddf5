"""The catalogue as printed, held against the models themselves: nothing is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ablations.commands import catalogue
from ablations.data.catalog import DATA_SETS, by_name
from ablations.data.mnist import MNIST
from ablations.errors import StudyError
from ablations.execution.catalog import CATALOG
from ablations.study.budgets import MOST
from ablations.study.load import resolve
from ablations.study.scores import SCORES
from ablations.study.settings import change
from ablations.study.tasks import OF_LOSS, REGRESSION
from ablations.study.yaml_reader import read_yaml
from ablations.techniques.catalog import FAMILIES
from tests.support.catalogue import ALL, lines, page, paragraphs, printed
from tests.support.running import TINY, make_recipe


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
        bounds = {key: part[key] for key in SIGNS if part.get(key, MOST) != MOST}
        words += [f"{SIGNS[key]} {bound:g}" for key, bound in bounds.items()]
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


def loss_beside(title: str, name: str) -> str | None:
    """Return the loss of a study whose task a loss or a metric is of; None for all others."""
    if title == "metric":
        score = SCORES.get(name)
        return score.task.loss if score and score.task else None
    return OF_LOSS.get(name, REGRESSION).loss if title == "loss" else None


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
        of_task = {**head, "base": change(TINY, {"training.loss": loss_beside(title, name)})}
        text = yaml.safe_dump(of_task) + f"arms:\n  plain: {{data.validation: 31}}\n{arm}\n"
        try:
            study = resolve(read_yaml(text, "s.yaml"), CATALOG, {})[0]
        except StudyError as error:
            wrong.append(f"{title} {name}: {arm}: {error}")
        else:
            assert name in arm
            assert len(study.arms) == 2
    assert wrong == []


HOSTS = {
    "model.recurrent_initializer": {"model.name": "rnn"},
    "transfer.source.optimizer": {"transfer.source": {"name": "autoencoder", "epochs": 1}},
}
"""What a place needs around it to be there."""


def test_a_place_takes_the_techniques_of_its_family_and_no_others() -> None:
    found = [group for group in catalogue.groups() if group.title in FAMILIES]
    assert [group.title for group in found] == list(FAMILIES)
    for group in found:
        assert group.places, group.title
        for place in group.places:
            with pytest.raises(ValueError, match=f'unknown {group.title} "no_such"'):
                make_recipe({**HOSTS.get(place, {}), f"{place}.name": "no_such"})


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
