"""A search is the same for every arm, chooses by stated rules, and is checked when it is read."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from ablations.errors import AblationsError, StudyError
from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint
from ablations.study.expand import expand, expand_trials, tuned
from ablations.study.load import load_studies
from ablations.study.schema import Study, Tuning
from ablations.study.search import Search, _draw, choose, on_the_edge, seeds_apart
from ablations.study.yaml_reader import read_yaml
from ablations.study.yaml_writer import to_yaml

RATE = "training.optimizer.learning_rate"
STUDY = """\
study: s
question: "?"
base:
  data: {name: digits}
  model: {hidden: [8]}
  training: {batch_size: 10, epochs: 4, optimizer: sgd}
control: sgd
arms:
  sgd: {}
  adam: {training.optimizer: adam}
  again: copy
seeds: 3
tune:
  settings: {training.optimizer.learning_rate: [1, 0.1]}
  seeds: [100, 101]
"""


@pytest.fixture
def load(tmp_path):
    def load_text(old="", new="", overrides=None):
        assert old in STUDY
        path = tmp_path / "s.yaml"
        path.write_text(STUDY.replace(old, new, 1) if old else STUDY)
        return load_studies(path, CATALOG, overrides)[0]

    return load_text


def search(**block):
    return Search.model_validate({"seeds": [100], **block})


def tuning(values=(0.01, 0.1, 1.0), metric="validation_accuracy_best", seeds=2):
    trials = [{"name": f"t{n}", "values": {RATE: value}} for n, value in enumerate(values)]
    return Tuning.model_validate(
        {"search": "grid", "trials": trials, "seeds": seeds, "metric": metric}
    )


def test_every_arm_gets_the_same_trials_on_the_same_seeds(load):
    study = load()
    runs = expand_trials(study, (), CATALOG)
    by_arm = {
        arm: [(run.trial, run.seed, run.recipe.training.optimizer.learning_rate) for run in runs
              if run.arm == arm]
        for arm in study.arm_names
    }  # fmt: skip
    assert by_arm["sgd"] == [
        ("learning_rate-1.0", 100, 1.0),
        ("learning_rate-1.0", 101, 1.0),
        ("learning_rate-0.1", 100, 0.1),
        ("learning_rate-0.1", 101, 0.1),
    ]
    assert by_arm["adam"] == by_arm["sgd"] == by_arm["again"]
    assert {run.recipe.training.optimizer.name for run in runs if run.arm == "adam"} == {"adam"}
    assert str(runs[0]) == "s/tuning/sgd/learning_rate-1.0/seed-100"
    assert {run.seed for run in expand(study)}.isdisjoint(study.tune.seeds)


def test_trials_train_as_long_as_the_comparison_unless_the_block_says_less(load):
    assert {r.recipe.training.epochs for r in expand_trials(load())} == {4}
    shorter = load("seeds: [100, 101]", "seeds: [100, 101]\n  epochs: 1")
    assert {r.recipe.training.epochs for r in expand_trials(shorter)} == {1}
    assert {r.recipe.training.epochs for r in expand(shorter)} == {4}


def test_a_study_read_back_from_its_record_has_the_same_trials_and_fingerprints(load):
    study = load("[1, 0.1]", "[1, 0.1, 10]")
    chosen = study.tune.trials[0].values
    arms = (study.arms[0], tuned(study.arms[1], chosen, CATALOG), study.arms[2])
    study = study.model_copy(update={"arms": arms})
    record = Study.model_validate(read_yaml(to_yaml(study.model_dump(mode="json")), "").data)
    assert record.arm("adam").tuned == {RATE: 1.0}
    assert [record.awaits_tuning(arm) for arm in record.arm_names] == [True, False, True]
    for ours, theirs in zip(
        (*expand_trials(study, (), CATALOG), *expand(study)),
        (*expand_trials(record), *expand(record)),
        strict=True,
    ):
        assert str(ours) == str(theirs)
        assert fingerprint(ours.recipe, 0, "") == fingerprint(theirs.recipe, 0, "")


def test_a_search_chooses_by_the_tested_weights_on_five_seeds_apart_by_default(load):
    tune = load("  seeds: [100, 101]\n").tune
    assert (tune.metric, tune.seeds) == ("validation_accuracy", (100, 101, 102, 103, 104))
    more = load("seeds: 3\ntune:", "seeds: 20\ntune:").tune
    assert more.seeds == (100, 101)  # as stated
    assert seeds_apart((0, 99)) == (100, 101, 102, 103, 104)
    assert seeds_apart((250, 100)) == (300, 301, 302, 303, 304)


def test_a_grid_crosses_its_lists():
    found = search(settings={"a.x": [1, 2], "a.y": ["p", "q", "r"]}).candidates()
    assert [(c["a.x"], c["a.y"]) for c in found] == [
        (x, y) for x in (1, 2) for y in ("p", "q", "r")
    ]


def test_a_random_search_draws_what_a_plain_list_of_distinct_trials_would_and_no_more():
    """The reference asks a list for each of 100·N draws, as version 0.6 did."""
    listed = [1, 1.0, True, "1", [1], [1.0], {"a": 1}, {"a": 1.0}, None]
    for settings in (
        {"a.x": {"low": 1e-4, "high": 1.0, "log": True}, "a.y": listed},
        {"a.x": [3, 1, 2], "a.y": [0, False, 0.5]},
    ):
        for search_seed, trials in itertools.product(range(4), (1, 7, 30)):
            block = {"settings": settings, "search": "random", "trials": trials}
            found = search(**block, search_seed=search_seed)
            generator = random.Random(search_seed)
            distinct = []
            for _ in range(100 * trials):
                values = {path: _draw(generator, s) for path, s in found.settings.items()}
                if values not in distinct and len(distinct) < trials:
                    distinct.append(values)
            assert repr(found.candidates()) == repr(distinct)


def test_a_search_of_a_thousand_trials_draws_each_once(monkeypatch):
    draws = []
    monkeypatch.setattr(
        "ablations.study.search._draw", lambda generator, space: draws.append(0) or len(draws)
    )
    found = search(settings={"a.x": {"low": 0, "high": 1}}, search="random", trials=1_000)
    assert len(found.candidates()) == 1_000 == len(draws)


def test_random_draws_are_even_in_the_logarithm_distinct_and_follow_their_seed():
    settings = {"a.x": {"low": 1e-4, "high": 1.0, "log": True}, "a.y": [1, 2]}

    def draws(search_seed):
        block = {"settings": settings, "search": "random", "trials": 400}
        return search(**block, search_seed=search_seed).candidates()

    found = draws(0)
    assert found == draws(0) != draws(1)
    assert len(found) == 400 == len({tuple(values.values()) for values in found})
    logarithms = np.log10([values["a.x"] for values in found])
    assert -4 <= logarithms.min() < -3.9
    assert -0.1 < logarithms.max() <= 0
    counts, _ = np.histogram(logarithms, bins=4, range=(-4, 0))
    expected = 100  # the counts' standard deviation is √75 ≈ 8.7
    assert np.abs(counts - expected).max() < 4 * math.sqrt(75)
    assert 160 < sum(values["a.y"] == 1 for values in found) < 240
    assert all(float(f"{values['a.x']:.3g}") == values["a.x"] for values in found)


def test_rounding_never_leaves_the_range():
    settings = {"a.x": {"low": 1.2344, "high": 1.2346}}
    found = search(settings=settings, search="random", trials=2).candidates()
    assert all(1.2344 <= values["a.x"] <= 1.2346 for values in found)


def test_the_best_mean_over_the_seeds_wins():
    scores = {"t0": [0.5, 0.5], "t1": [0.9, 0.3], "t2": [0.6, 0.5]}
    assert choose(tuning(), scores, "higher").name == "t1"
    by_loss = tuning(metric="validation_loss_best")
    assert choose(by_loss, scores, "lower").name == "t0"


def test_of_equal_trials_the_first_wins():
    scores = {"t0": [0.1, 0.2], "t1": [0.7, 0.8], "t2": [0.8, 0.7]}
    assert choose(tuning(), scores, "higher").name == "t1"


def test_a_diverged_run_is_worse_than_any_score():
    scores = {"t0": [0.11, 0.10], "t1": [0.9, None], "t2": [None, None]}
    assert choose(tuning(), scores, "higher").name == "t0"
    assert choose(tuning(), {**scores, "t0": [None, None]}, "higher").name == "t1"
    assert choose(tuning(), {name: [None, None] for name in scores}, "higher").name == "t0"


@pytest.mark.parametrize(
    "scores", [{}, {"t0": [0.5, 0.5]}, {"t0": [1, 1], "t1": [1, 1], "t2": [1]}]
)
def test_a_half_searched_grid_chooses_nothing(scores):
    assert choose(tuning(), scores, "higher") is None


def test_the_edges_of_the_search_are_its_lowest_and_highest_numbers():
    assert on_the_edge(tuning(), {RATE: 0.01}) == {RATE: "lowest"}
    assert on_the_edge(tuning(), {RATE: 0.1}) == {}
    assert on_the_edge(tuning((1.0, 0.01, 0.1)), {RATE: 1.0}) == {RATE: "highest"}
    assert on_the_edge(tuning(("elu", "relu")), {RATE: "elu"}) == {}


def test_an_arm_may_hold_a_tuned_setting_to_a_value_of_its_own(load):
    study = load("  again: copy", f"  large: {{{RATE}: 5.0}}")
    assert [arm.name for arm in study.tuned_arms] == ["sgd", "adam"]
    assert study.arm("large").recipe.training.optimizer.learning_rate == 5.0
    assert "large" not in {run.arm for run in expand_trials(study)}
    assert not study.awaits_tuning("large")


def test_tuned_is_a_level_of_a_factor(load):
    study = load(
        "control: sgd\narms:\n  sgd: {}\n  adam: {training.optimizer: adam}\n  again: copy",
        "design: full_factorial\n"
        f"factors: {{training.optimizer: [sgd, adam], {RATE}: [tuned, 3.0]}}",
    )
    assert [arm.name for arm in study.tuned_arms] == ["control", "optimizer-adam"]
    assert study.arm("learning_rate-3.0").levels[RATE] == "3.0"
    assert study.arm("control").levels[RATE] == "tuned"


def test_a_copy_of_the_control_equals_it_whatever_the_control_changes(load):
    study = load("  sgd: {}", "  sgd: {model.activation: tanh}")
    assert study.arm("again").recipe == study.arm("sgd").recipe
    assert study.arm("again").recipe != study.arm("adam").recipe


SETTINGS = f"settings: {{{RATE}: [1, 0.1]}}"
WRONG = [
    (SETTINGS, f"settings: {{{RATE}: [1, -0.1]}}",
     f"14:52: tune.settings.{RATE}.1: wants a number > 0.0, got -0.1 (arm sgd)"),
    (SETTINGS, "settings: {training.optimizer.rate: [1, 2]}",
     '14:39: tune.settings.training.optimizer.rate: unknown key "rate"; did you mean'),
    (SETTINGS, "settings: {training.optimizer.momentum: [0.1, 0.2]}",
     '14:43: tune.settings.training.optimizer.momentum: unknown key "momentum"'),
    (SETTINGS, "settings: {model: [a, b]}",
     "14:21: tune.settings.model: wants a dotted path model.… or training.…"),
    (SETTINGS, "settings: {data.validation: [100, 200]}",
     "14:31: tune.settings.data.validation: wants a dotted path model.… or training.…"),
    (SETTINGS, f"settings: {{{RATE}: [1]}}",
     f"14:48: tune.settings.{RATE}: wants a list of two values or more, or low and high, got a"),
    (SETTINGS, f"settings: {{{RATE}: [1, 1.0]}}",
     f'14:52: tune.settings.{RATE}.1: two trials are called "learning_rate-1.0"; expected values '
     "whose names differ (the other: 14:49)"),
    (SETTINGS, f"settings: {{{RATE}: {{low: 1, high: 2}}}}",
     f"14:48: tune.settings.{RATE}: a range wants search: random; a grid wants a list"),
    (SETTINGS, f"search: random\n  settings: {{{RATE}: [1, 2]}}",
     "14:3: tune: a random search wants trials: how many an arm"),
    (SETTINGS, f"search: random\n  trials: 3\n  settings: {{{RATE}: [1, 2]}}",
     "16:13: tune.settings: has only 2 different trials, and 3 are asked for"),
    (SETTINGS, f"trials: 3\n  {SETTINGS}",
     "14:11: tune.trials: a grid tries every combination; trials wants search: random"),
    (SETTINGS, f"search: random\n  trials: 3\n  settings: {{{RATE}: {{low: 0, high: 2, log: 1}}}}",
     f"16:71: tune.settings.{RATE}.log: wants true or false, got 1"),
    ("seeds: [100, 101]", "seeds: [2, 1, 7]",
     "15:10: tune.seeds: the comparison uses 1, 2 too; wants seeds that it does not use"),
    ("seeds: [100, 101]", "seeds: [100]\n  metric: test_accuracy",
     '16:11: tune.metric: "test_accuracy" is not of the validation split; wants one of valid'),
    ("seeds: [100, 101]", "seeds: [100]\n  epoch: 1",
     '16:3: tune.epoch: unknown key "epoch"; did you mean "epochs"?'),
    ("training.optimizer: adam}", "training.optimizer: {name: adam, learning_rate: 0.1}}",
     f"14:48: tune.settings.{RATE}: arm adam sets it inside a technique, which the search would"),
    ("again: copy", "again: copi",
     '11:10: arms.again: wants a mapping of dotted paths, or copy for the control'),
    ("  sgd: {}", "  sgd: copy", "9:8: arms.sgd: the control cannot be a copy of itself"),
    ("  again:", "  Tuning:", '11:3: arms.Tuning: "Tuning" is taken by the runs directory'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line"), WRONG)
def test_a_mistake_in_the_search_is_one_line_with_its_place(load, tmp_path, old, new, line):
    with pytest.raises(StudyError) as caught:
        load(old, new)
    (got,) = str(caught.value).replace(f"{tmp_path}/s.yaml:", "").splitlines()
    assert got.startswith(line)


def test_a_range_in_the_logarithm_starts_above_zero():
    with pytest.raises(ValueError, match="wants 0 < low < high, got low 0 and high 2"):
        search(settings={"a.x": {"low": 0, "high": 2, "log": True}})


def test_a_value_that_one_arm_alone_rejects_names_that_arm(load):
    with pytest.raises(StudyError, match=r'unknown key "beta_1".* \(arm sgd\)'):
        load(SETTINGS, "settings: {training.optimizer.beta_1: [0.8, 0.9]}")


def test_an_arm_declares_all_that_is_tuned_or_none_of_it(load):
    two = f"settings: {{{RATE}: [1, 2], training.batch_size: [5, 10]}}"
    with pytest.raises(StudyError, match=r"arm adam declares it but not training.batch_size"):
        load(
            f"adam: {{training.optimizer: adam}}\n  again: copy\nseeds: 3\ntune:\n  {SETTINGS}",
            f"adam: {{{RATE}: 0.5}}\nseeds: 3\ntune:\n  {two}",
        )


def test_a_tuned_path_cannot_be_set_from_the_shell(load):
    with pytest.raises(AblationsError, match=f"--set {RATE}: the study tunes it"):
        load(overrides={RATE: 0.5})


def test_a_tuning_seed_cannot_be_asked_for_in_the_comparison(load):
    with pytest.raises(AblationsError, match="seed 101 tunes the arms; the comparison wants other"):
        expand(load(), seeds=[0, 101])
