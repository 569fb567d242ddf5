"""Loading a study: every mistake at once, with its file, line and column."""

from __future__ import annotations

import pytest

from ablations.errors import AblationsError, StudyError
from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint
from ablations.study.load import load_studies
from ablations.study.schema import Study
from ablations.study.yaml_reader import read_yaml
from ablations.study.yaml_writer import to_yaml

GOOD = """\
study: activations
question: Which activation?
base:
  data: {name: digits, validation: 100}
  model: {hidden: [30, 20], activation: elu}
  training:
    batch_size: 20
    epochs: 2
    optimizer: {name: sgd, learning_rate: 1e-2}
control: elu
arms:
  elu: {}
  relu: {model.activation: relu}
  leaky: {model.activation: {name: leaky_relu, negative_slope: 0.2}}
seeds: 3
margin: 0.005
claims:
  - {better: elu, than: relu, source: notes 000}
"""


@pytest.fixture
def load(tmp_path):
    def load_text(text, overrides=None):
        path = tmp_path / "s.yaml"
        path.write_text(text)
        return load_studies(path, CATALOG, overrides)[0]

    return load_text


@pytest.fixture
def problems(load, tmp_path):
    """Return the lines of the error, with the directory taken off."""

    def lines(old, new):
        assert old in GOOD
        with pytest.raises(StudyError) as caught:
            load(GOOD.replace(old, new))
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return lines


def test_a_good_study_is_resolved(load):
    study = load(GOOD)
    assert study.arm_names == ("elu", "relu", "leaky")
    assert study.control == "elu"
    assert study.seeds == (0, 1, 2)
    assert study.arm("elu").recipe == study.base
    assert study.arm("leaky").recipe.model.activation.negative_slope == 0.2
    assert study.base.training.optimizer.learning_rate == 0.01
    assert study.arm("relu").changes == {"model.activation": "relu"}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "    epochs: 2",
            "    epoch: 2\n    epochs: 2",
            's.yaml:8:5: base.training.epoch: unknown key "epoch"; did you mean "epochs"? ',
        ),
        (
            "margin: 0.005",
            "margin: 0.005\ntarget: 90",
            "s.yaml:17:9: target: wants a number ≤ 1.0, got 90",
        ),
        (
            "batch_size: 20",
            "batch_size: many",
            's.yaml:7:17: base.training.batch_size: wants a whole number, got "many" (text)',
        ),
        (
            "batch_size: 20",
            "batch_size: 0",
            "s.yaml:7:17: base.training.batch_size: wants a number ≥ 1, got 0",
        ),
        (
            "model.activation: relu}",
            "model.activation: rely}",
            's.yaml:13:28: arms.relu.model.activation: unknown activation "rely"; did you mean '
            '"relu"? Known: ',
        ),
        (
            "negative_slope: 0.2",
            "negative_slop: 0.2",
            "s.yaml:14:48: arms.leaky.model.activation.negative_slop: unknown key "
            '"negative_slop"; did you mean "negative_slope"? ',
        ),
        (
            "negative_slope: 0.2",
            "negative_slope: 2",
            "s.yaml:14:64: arms.leaky.model.activation.negative_slope: wants a number < 1",
        ),
        (
            "{model.activation: relu}",
            "{model.activation: elu}",
            's.yaml:13:3: arms.relu: changes nothing: it equals the control "elu"',
        ),
        (
            "{model.activation: relu}",
            "{}",
            "s.yaml:13:3: arms.relu: changes nothing; wants at least one dotted path",
        ),
        (
            "{model.activation: relu}",
            "{modl: mlp}",
            's.yaml:13:10: arms.relu.modl: "modl" is no section; wants a dotted path, or a whole '
            'section; did you mean "model"? Known: code, data, model, model.activation',
        ),
        (
            "{model.activation: relu}",
            "{training: {batch_size: 10, optimizer: adam}}",
            "s.yaml:13:20: arms.relu.training.epochs: is missing and has no default",
        ),
        (
            "{model.activation: relu}",
            "{model: {name: cnn, filters: [2], hiden: [4]}}",
            's.yaml:13:43: arms.relu.model.hiden: unknown key "hiden"; did you mean "hidden"?',
        ),
        ("control: elu", "control: tanh", 's.yaml:10:10: control: no arm is called "tanh"; Known'),
        ("control: elu\n", "", "s.yaml:1:1: control is missing: the arm that the others are"),
        ("  relu:", "  ../relu:", 's.yaml:13:3: arms.../relu: "../relu" (text) cannot name a'),
        ("  relu:", "  .hidden:", 's.yaml:13:3: arms..hidden: ".hidden" (text) cannot name a'),
        ("  relu:", "  Summary:", 's.yaml:13:3: arms.Summary: "Summary" is taken by the runs'),
        ("  relu:", "  elu:", 's.yaml:13:3: arms: the key "elu" stands twice'),
        ("study: activations", "study: a/b", 's.yaml:1:8: study: "a/b" (text) cannot name a'),
        ("name: digits", "name: digit", 's.yaml:4:16: base.data.name: unknown data set "digit"'),
        ("seeds: 3", "seeds: 0", "s.yaml:15:8: seeds: wants a number of seeds ≥ 1 or a list"),
        ("seeds: 3", "seeds: [1, 1]", "s.yaml:15:8: seeds: wants a number of seeds ≥ 1 or a list"),
        ("than: relu", "than: rely", 's.yaml:18:25: claims.0.than: no arm is called "rely"; did'),
        ("margin: 0.005", "margin: -1", "s.yaml:16:9: margin: wants a number ≥ 0.0, got -1"),
        ("seeds: 3", "seeds: 3\ncorrection: bonferroni", "s.yaml:16:13: correction: "),
        (
            "seeds: 3",
            "seeds: 3\nif_diverged: {accuracy: 0}",
            "s.yaml:16:25: if_diverged.accur",
        ),
        ("seeds: 3", "seeds: 3\nif_diverged: {test_loss: no}", "s.yaml:16:26: if_diverged.test_l"),
        (
            "seeds: 3",
            "seeds: 20\nlooks: [10, 10]",
            "s.yaml:16:13: looks.1: wants a number of seeds > 10, got 10",
        ),
        (
            "seeds: 3",
            "seeds: 20\nlooks: [0, 10]",
            "s.yaml:16:9: looks.0: wants a number of seeds > 0, got 0",
        ),
        (
            "seeds: 3",
            "seeds: 20\nlooks: [10, 30]",
            "s.yaml:16:13: looks.1: wants at most the study's 20 seeds, got 30",
        ),
        ("seeds: 3", "seeds: 20\nlooks: [10]", "s.yaml:16:8: looks: wants a list of at least two"),
        ("seeds: 3", "seeds: 20\nlooks: ten", "s.yaml:16:8: looks: wants a list of at least two"),
        (
            "seeds: 3",
            "seeds: 20\nlooks: [10, 20]\nlook_weights: [0.5, 0.4]",
            "s.yaml:17:15: look_weights: wants numbers whose sum is 1, got 0.9",
        ),
        (
            "seeds: 3",
            "seeds: 20\nlooks: [10, 20]\nlook_weights: [0.5, 0.3, 0.2]",
            "s.yaml:17:15: look_weights: wants a weight for each of 2 looks, got 3",
        ),
        (
            "seeds: 3",
            "seeds: 20\nlook_weights: [0.5, 0.5]",
            "s.yaml:16:15: look_weights: wants looks to weigh; the study declares none",
        ),
        (
            "seeds: 3",
            "seeds: 20\nlooks: [10, 20]\nlook_weights: [1, 0]",
            "s.yaml:17:15: look_weights: wants a list of numbers ≥ 0.05 and < 1 whose sum is 1",
        ),
        ("seeds: 3", "seeds: 3\nmetric: accuracy", 's.yaml:16:9: metric: unknown metric "accur'),
    ],
)
def test_a_mistake_is_one_line_with_its_place(problems, old, new, line):
    (got, *others) = problems(old, new)
    assert got.startswith(line)
    # An arm that was renamed is missed by the claims too; nothing else is said twice.
    assert all(": claims." in other for other in others)


def test_the_correction_and_what_a_diverged_run_scores_are_the_studys(load):
    assert (load(GOOD).correction, load(GOOD).if_diverged) == ("max_t", {})
    stated = load(GOOD + "correction: holm\nif_diverged: {test_loss: 9.5, test_accuracy: 0}\n")
    assert stated.correction == "holm"
    assert stated.if_diverged == {"test_loss": 9.5, "test_accuracy": 0.0}


@pytest.mark.parametrize(
    ("stated", "looks", "weights"),
    [
        ("", (), ()),
        ("looks: [6, 9]\n", (6, 9), (0.6, 0.4)),
        ("looks: [6, 7, 8, 9]\n", (6, 7, 8, 9), (0.25, 0.25, 0.25, 0.25)),
        ("looks: [6, 9]\nlook_weights: [0.3, 0.7]\n", (6, 9), (0.3, 0.7)),
    ],
)
def test_looks_and_their_weights_are_the_studys(load, stated, looks, weights):
    study = load(GOOD.replace("seeds: 3", "seeds: 12") + stated)
    assert (study.looks, study.look_weights) == (looks, weights)
    assert study.seeds == tuple(range(9 if looks else 12))


def test_replicates_are_paired_unless_the_study_says_otherwise(load):
    assert (load(GOOD).replicates, load(GOOD).correction) == ("paired", "max_t")
    study = load(GOOD + "replicates: independent\n")
    assert (study.replicates, study.correction) == ("independent", "holm")
    record = to_yaml(study.model_dump(mode="json"))
    again = Study.model_validate(read_yaml(record.encode(), "record").data)
    assert (again.replicates, again.correction) == ("independent", "holm")
    assert [fingerprint(arm.recipe, 0, "data") for arm in study.arms] == [
        fingerprint(arm.recipe, 0, "data") for arm in load(GOOD).arms
    ]


@pytest.mark.parametrize(
    ("stated", "line"),
    [
        ("looks: [6, 12]", "looks: looks judge paired runs; expected replicates: paired, or no"),
        ("correction: max_t", "correction: max_t corrects paired runs; expected replicates: pa"),
        ("replicates: independant", "replicates: "),
    ],
)
def test_what_only_paired_runs_have_is_refused_of_independent_ones(problems, stated, line):
    also = "" if stated.startswith("replicates") else "\nreplicates: independent"
    (found,) = problems("seeds: 3", f"seeds: 12\n{stated}{also}")
    assert line in found


def test_a_full_factorial_design_has_no_independent_replicates(load):
    arms = GOOD[GOOD.index("arms:") : GOOD.index("seeds:")]
    factors = "factors: {model.activation: [elu, relu]}\ndesign: full_factorial\n"
    text = GOOD.replace(arms, factors).replace("control: elu\n", "replicates: independent\n")
    with pytest.raises(StudyError, match="contrasts are of paired runs; expected replicates: pai"):
        load(text[: text.index("claims:")])


def test_a_full_factorial_design_has_no_looks(load):
    arms = GOOD[GOOD.index("arms:") : GOOD.index("seeds:")]
    factors = "factors: {model.activation: [elu, relu]}\ndesign: full_factorial\nlooks: [6, 9]\n"
    text = GOOD.replace(arms, factors).replace("seeds: 3", "seeds: 9").replace("control: elu\n", "")
    text = text[: text.index("claims:")]
    with pytest.raises(StudyError, match="full factorial design needs every cell at every seed"):
        load(text)


def test_several_mistakes_are_told_at_once_in_the_order_of_the_file(load, tmp_path):
    text = GOOD.replace("epochs: 2", "epochs: x").replace("activation: relu", "activation: rely")
    with pytest.raises(StudyError) as caught:
        load(text.replace("margin: 0.005", "margin: no").replace("question", "questoin"))
    places = [(problem.line, problem.path) for problem in caught.value.problems]
    assert (8, "base.training.epochs") in places
    assert (13, "arms.relu.model.activation") in places
    assert (16, "margin") in places
    assert (2, "questoin") in places
    assert [line for line, _ in places] == sorted(line for line, _ in places)


def test_two_arms_that_are_equal_are_refused(problems):
    (line,) = problems("  leaky: {model.activation: {name: leaky_relu, negative_slope: 0.2}}",
                       "  twin: {model.activation: relu}")  # fmt: skip
    assert line == 's.yaml:14:3: arms.twin: changes nothing: it equals the arm "relu"'


def test_an_arm_that_differs_only_in_what_is_recorded_changes_nothing(problems):
    (line,) = problems("{model.activation: relu}", "{telemetry.histograms_every_epochs: 0}")
    assert 'changes nothing: it equals the control "elu"' in line


def test_the_control_may_change_the_base_too(load):
    study = load(GOOD.replace("  elu: {}", "  elu: {model.activation: tanh}"))
    assert study.arm("elu").recipe.model.activation.name == "tanh"
    assert study.base.model.activation.name == "elu"


@pytest.mark.parametrize("text", ["", "just text", "[1, 2]", "5"])
def test_a_file_that_is_no_mapping_is_refused(load, text):
    with pytest.raises(StudyError, match="wants a mapping with study, question, base, arms"):
        load(text)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(AblationsError, match="wants a study file"):
        load_studies(tmp_path / "none.yaml", CATALOG)[0]


def test_overrides_change_the_base_before_the_arms(load):
    study = load(GOOD, {"model.activation": "tanh", "training.epochs": 9})
    assert study.arm("elu").recipe.model.activation.name == "tanh"
    assert study.arm("relu").recipe.model.activation.name == "relu"
    assert {arm.recipe.training.epochs for arm in study.arms} == {9}
    assert study.overrides == {"model.activation": "tanh", "training.epochs": 9}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"modle.activation": "elu"}, "--set modle.activation: wants a dotted path of the base"),
        ({"model": "mlp"}, "--set model: wants a dotted path of the base"),
        ({"training.epochs": "x"}, '--set training.epochs: wants a whole number, got "x"'),
        ({"training.epoch": 1}, '--set training.epoch: unknown key "epoch"; did you mean'),
    ],
)
def test_a_wrong_override_is_refused_in_a_line(load, overrides, message):
    with pytest.raises(AblationsError) as caught:
        load(GOOD, overrides)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_what_is_wrong_in_one_place_hides_nothing_in_another(load, tmp_path):
    """A key that is not there, a metric and an arm: each is one line, and nothing follows."""
    text = GOOD.replace("margin: 0.005", "margn: 0.005\nmetrics: {test_accurcy: {unit: points}}")
    text = text.replace("{model.activation: relu}", "{}").replace("seeds: 3", "seeds: 0")
    with pytest.raises(StudyError) as caught:
        load(text + "looks: [1, 2]\n")
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert set(found) == {"margn", "seeds", "metrics.test_accurcy", "arms.relu"}


@pytest.mark.parametrize("wrong", ["control: [elu]", "control: elu\nfactors: 3"])
def test_nothing_follows_from_a_key_that_is_wrong_by_itself(problems, wrong):
    (line,) = problems("control: elu", wrong)
    assert "is the base" not in line


def test_the_arm_that_is_the_base_must_be_the_control(problems):
    (line,) = problems("{model.activation: relu}", "{}")
    assert line.endswith(
        "or control: relu, as the arm that is the base as it stands must be the control"
    )


def test_no_second_line_calls_the_missing_controls_arm_empty(problems):
    (line,) = problems("control: elu\n", "")
    assert "control is missing" in line
