"""The JSON holds every number that the page shows."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.infer.to_json import as_data, to_json
from ablations.analysis.read.collect import collect
from ablations.analysis.show.blocks import Section, Table
from ablations.analysis.show.sections.claims import claims
from ablations.analysis.show.sections.factorial import factorial
from ablations.analysis.show.sections.metrics import metrics
from ablations.analysis.show.sections.target import target
from ablations.analysis.show.sections.tuning import tuning
from ablations.analysis.show.sections.verdicts import verdicts
from ablations.study.expand import expand_trials
from tests.support.synthetic_runs import claim, fill_claims, leave_trial

ARMS = ("sigmoid", "tanh", "elu")
RATE = "training.optimizer.learning_rate"


def numbers(data: Any) -> Iterator[float]:
    """Yield every number in JSON, those in keys among them."""
    if isinstance(data, dict):
        yield from (float(key) for key in data if re.fullmatch(r"\d+", key))
        data = list(data.values())
    if isinstance(data, list):
        yield from itertools.chain.from_iterable(map(numbers, data))
    elif isinstance(data, (int, float)) and not isinstance(data, bool):
        yield float(data)


def as_shown(number: float) -> set[str]:
    """Return a number in every way in which a page may write it, without sign."""
    size = abs(number)
    texts = {f"{size:,.0f}", f"{size:g}", f"{100 * size:.2f}", f"{100 * size:.0f}"}
    if size:
        decimals = [d - 1 - math.floor(math.log10(size)) for d in (3, 4)]
        texts |= {f"{size:,.{max(0, d)}f}" for d in decimals} | {f"{size:.3e}"}
    return texts | {f"{size:.3f}", f"{size:.4f}"}


def tables(section: Section | None) -> list[Table]:
    assert section is not None
    return [block for block in section.blocks if isinstance(block, Table)]


def shown_numbers(section: Section | None) -> set[str]:
    """Return every number in the tables of a section, as text."""
    titles = [c.title for table in tables(section) for c in table.columns if c.numeric]
    cells = [cell.text for table in tables(section) for row in table.rows for cell in row]
    text = " ".join([*cells, *titles]).replace("95% interval", "").replace("notes 000", "")
    return set(re.findall(r"\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[-+]\d+)?", text))


def exact_numbers(section: Section | None) -> set[float]:
    """Return the numbers behind the cells of columns of numbers, to all digits."""
    return {
        cell.order
        for table in tables(section)
        for row in table.rows
        for cell, column in zip(row, table.columns, strict=True)
        if column.numeric and cell.order is not None
    }


@pytest.fixture
def tuned(synthetic: Any) -> Inference:
    """A study with claims, a target, curves and a tuning that all have distinct numbers."""
    values = [{RATE: rate} for rate in (0.003, 0.07)]
    trials = [{"name": f"trial-{number}", "values": one} for number, one in enumerate(values)]
    tune = {
        "search": "grid",
        "trials": trials,
        "seeds": [100, 101],
        "metric": "validation_accuracy_best",
    }
    stated = [claim("elu", "sigmoid"), claim("tanh", "elu", "test_loss")]
    made = synthetic(ARMS, 10, claims=stated, tune=tune, margin=0.0123, target=0.71)
    chosen = [arm.model_copy(update={"tuned": values[1]}) for arm in made.study.arms]
    made.study = made.study.model_copy(update={"arms": tuple(chosen)})
    made.write_record()
    for number, run in enumerate(expand_trials(made.study)):
        leave_trial(made.runs, run, 0.5 + 0.0123 * number)
    fill_claims(made)
    made.add("tanh", 9, accuracy=None, status="diverged")
    return infer(collect(made.runs, "activations"))


@pytest.mark.parametrize(
    "section", [verdicts, claims, tuning, target, metrics], ids=lambda section: section.__name__
)
def test_every_number_of_a_table_is_in_the_json(tuned: Inference, section: Any) -> None:
    known = set(numbers(json.loads(to_json(tuned))))
    assert len(shown_numbers(section(tuned))) > 3
    assert exact_numbers(section(tuned)) - known == set()
    assert shown_numbers(section(tuned)) - set().union(*map(as_shown, known)) == set()


def test_every_number_of_a_factorial_design_is_in_the_json(factorial_study: Any) -> None:
    made = factorial_study(margin=0.01)
    inference = infer(collect(made.runs, made.study.study))
    known = set(numbers(json.loads(to_json(inference))))
    levels = {level for arm in made.study.arms for level in arm.levels.values()}
    shown = shown_numbers(factorial(inference)) - levels
    assert len(shown) > 10
    assert len(exact_numbers(factorial(inference)) - known) == 0
    assert shown - set().union(*map(as_shown, known)) == set()


def test_curves_are_those_of_the_files(tuned: Inference) -> None:
    curves = {arm["arm"]: arm["curves"] for arm in json.loads(to_json(tuned))["curves"]}
    assert set(curves) == set(ARMS)
    for curve in (arm["validation_accuracy"] for arm in curves.values()):
        assert curve["epochs"] == [1, 2, 3]
        assert curve["means"] == pytest.approx([0.5, 0.7, 0.8])
    assert [arm["train_loss"]["n"] for arm in curves.values()] == [10, 9, 10]


def test_whole_numbers_stand_under_their_names(tuned: Inference) -> None:
    data = json.loads(to_json(tuned))
    for row, arm in zip(tables(target(tuned))[0].rows, data["target"]["arms"], strict=True):
        assert row[0].text.removesuffix(" (control)") == arm["arm"]
        assert row[1].text == f"{arm['reached']}/{arm['runs']}"
        assert [cell.order for cell in row[1:]] == [arm["share"], arm["epochs"], arm["updates"]]
    for row, arm in zip(tables(tuning(tuned))[0].rows, data["tuning"]["arms"], strict=True):
        assert (row[0].text, row[1].order) == (arm["arm"], arm["chosen"]["values"][RATE])
        assert row[4].order == arm["diverged"]
    for row, arm in zip(tables(verdicts(tuned))[0].rows, data["arms"], strict=True):
        comparison = arm["comparison"] or {}
        beats = comparison.get("probability_of_improvement")
        counts = [comparison.get("n"), beats, arm["divergence"]["diverged"]]
        assert [cell.order for cell in row[8:]] == counts
        assert row[2].text == ("yes" if arm["may_be_best"] else "no")
    for row, arm in zip(tables(metrics(tuned))[0].rows, data["arms"], strict=True):
        sizes = [arm["parameters"], arm["updates"], arm["train_seconds"]]
        assert [cell.order for cell in row[-3:]] == sizes


def test_derived_numbers_are_there_too(tuned: Inference) -> None:
    data = json.loads(to_json(tuned))
    tanh = data["arms"][1]
    assert tanh["divergence"]["interval"].keys() == {"low", "high"}
    assert tanh["comparison"].keys() >= {
        "verdict",
        "n",
        "effect",
        "p",
        "p_corrected",
        "simultaneous",
    }
    assert data["claims"][0]["outcome"] == "reproduced"


def test_the_same_runs_give_the_same_bytes(synthetic: Any, tmp_path: Path) -> None:
    made = synthetic(ARMS, 3)
    fill_claims(made)
    first = to_json(infer(collect(made.runs, "activations")))
    made.runs.rename(tmp_path / "elsewhere")
    assert to_json(infer(collect(tmp_path / "elsewhere", "activations"))) == first
    assert str(tmp_path) not in first


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.inf])
def test_a_number_that_is_not_finite_is_null(number: float) -> None:
    assert as_data({"a": [number, 1.5]}) == {"a": [None, 1.5]}


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(TypeError, match="wants data, got set"):
        as_data({"a": {1, 2}})
