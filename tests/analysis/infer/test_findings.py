"""Findings on networks built to vanish, explode, saturate and die, and on healthy ones."""

from __future__ import annotations

import pytest

from ablations.analysis.infer.findings import findings, run_findings
from ablations.analysis.infer.gradient_flow import gradient_flow
from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.run_layers import RunLayers
from ablations.analysis.infer.to_json import as_data
from ablations.analysis.read.collect import collect
from ablations.analysis.read.layers import LayerEpoch, LayerHistory, read_layers
from ablations.analysis.show.findings import finding_sentence
from ablations.analysis.show.page import build_page
from ablations.ledger.lines import append_line
from ablations.study.layer_metrics import GRADIENT_NORM
from tests.support.synthetic_runs import write_layers
from tests.support.user_code import PACKAGE

DEEP = [16] * 12
WIDE_START = {"name": "random_normal", "stddev": 2.0}
TENTH = "training.optimizer.learning_rate"


def found(run):
    layers = RunLayers(
        0,
        read_layers(run.directory.layers),
        run.result.updates,
        run.result.epochs if run.result.status == "diverged" else None,
        classifies=True,
    )
    return {finding.kind: finding for finding in run_findings(layers)}


def test_gradients_vanish_below_the_top_of_a_deep_sigmoid_network(recipe, train):
    run = train(recipe({"model.hidden": DEEP, "model.activation": "sigmoid"}))
    vanishing = found(run)["vanishing_gradients"]
    norms = read_layers(run.directory.layers).epochs[0].layers
    top, bottom = (norms[name]["gradient_norm"] for name in ("outputs", "hidden1"))
    assert 10**vanishing.value == pytest.approx(top / bottom)
    assert (vanishing.layer, vanishing.other) == ("hidden1", "outputs")
    below = [name for name, values in norms.items() if values["gradient_norm"] < top / 1000]
    assert vanishing.layers == tuple(below)
    assert vanishing.edge == f"hidden{len(below) + 1}"
    assert "exploding_gradients" not in found(run)


def test_gradients_and_activations_explode_from_large_weights(recipe, train):
    changes = {"model.hidden": DEEP, "model.activation": "relu", TENTH: 1e-12}
    shown = found(train(recipe({**changes, "model.initializer": WIDE_START})))
    assert shown["large_gradients"].value > 1e3
    assert shown["exploding_activations"].value > 3
    assert shown["exploding_activations"].layer == "hidden12"
    assert "vanishing_gradients" not in shown
    assert "large_gradients" not in found(train(recipe(changes)))


def test_units_saturate_under_large_weights(recipe, train):
    changes = {"model.hidden": [30, 30, 30], "model.activation": "tanh"}
    wide = {"name": "random_normal", "stddev": 20.0}
    saturated = found(train(recipe({**changes, "model.initializer": wide, TENTH: 1e-6})))
    assert saturated["saturated_units"].value >= 0.5
    assert "saturated_units" not in found(train(recipe(changes)))


@pytest.mark.parametrize("bias", [-20.0, 0.1])
def test_rectified_units_die_under_a_negative_bias(recipe, train, bias):
    model = {"name": f"{PACKAGE}.biased", "bias": bias, "hidden": (20, 20)}
    shown = found(train(recipe({"model": model})))
    assert ("dead_units" in shown) == (bias < 0)
    if bias < 0:
        assert (shown["dead_units"].layer, shown["dead_units"].value) == ("first", 1.0)
        assert finding_sentence(shown["dead_units"], 1).startswith("100% of the units of first are")


def test_updates_are_large_or_small_by_the_learning_rate(recipe, train):
    many = {"training.batch_size": 1, "training.epochs": 2}  # of 60 steps
    assert "small_updates" in found(train(recipe({**many, TENTH: 1e-9})))
    one_step = {"training.batch_size": 60, TENTH: 20.0}
    assert found(train(recipe(one_step)))["large_updates"].value > 0.1
    assert found(train(recipe(many))) == {}


def test_a_training_that_diverges_is_said_to_and_its_dead_numbers_are_no_dead_units(recipe, train):
    run = train(recipe({TENTH: 1e30, "model.activation": "relu", "training.epochs": 3}))
    shown = found(run)
    assert shown["divergence"].value == run.result.updates
    assert "dead_units" not in shown


# Arms, from what lies on disk


def leave(made, arm, seed, *epochs, status="completed"):
    """Leave one run whose observed epochs hold layer → gradient norm and dead share."""
    made.add(arm, seed, curve=[0.5] * len(epochs), status=status)
    for number, layers in enumerate(epochs, start=1):
        content = {
            name: {"gradient_norm": norm, "update_ratio": 1e-3, "dead_share": dead}
            for name, (norm, dead) in layers.items()
        }
        line = {"epoch": number, "updates": 100 * number, "layers": content}
        append_line(made.directory(arm, seed).layers, line)


HEALTHY = {"hidden1": (0.5, 0.0), "hidden2": (0.5, 0.1), "outputs": (1.0, 0.0)}
VANISHING = {"hidden1": (1e-7, 0.0), "hidden2": (1e-2, 0.0), "outputs": (1.0, 0.0)}
DYING = {"hidden1": (0.5, 0.38), "hidden2": (0.5, 0.6), "outputs": (1.0, 0.0)}


@pytest.fixture
def study(synthetic):
    made = synthetic(("sigmoid", "relu", "elu"), 3)
    for seed in range(3):
        leave(made, "sigmoid", seed, VANISHING, VANISHING)
        leave(made, "relu", seed, HEALTHY, DYING if seed < 2 else HEALTHY)
        leave(made, "elu", seed, HEALTHY, HEALTHY)
    return made


def test_an_arms_findings_are_medians_over_its_runs_and_name_the_seeds(study):
    sigmoid, relu, elu = findings(collect(study.runs, "activations"))
    (vanishing,) = sigmoid.findings
    assert vanishing.seeds == (0, 1, 2)
    assert vanishing.value == pytest.approx(7)
    (dead,) = relu.findings
    assert (dead.kind, dead.layer, dead.value) == ("dead_units", "hidden2", 0.6)
    assert (dead.seeds, dead.layers, relu.runs) == ((0, 1), ("hidden1", "hidden2"), 3)
    assert elu.findings == ()
    assert as_data(dead)["seeds"] == [0, 1]


def test_findings_are_plain_sentences_in_the_report(study):
    page = build_page(infer(collect(study.runs, "activations")))
    (section,) = (each for each in page.sections if each.title == "Findings")
    table, healthy, *_ = section.blocks
    assert [[cell.text for cell in row] for row in table.rows] == [
        [
            "sigmoid (control)",
            "gradients vanish below hidden2: the median norm falls by 10^7 from outputs to hidden1 "
            "(all 3 runs)",
        ],
        [
            "relu",
            "60% of the units of hidden2 are dead, and 1 other layer alike (2 of 3 runs: seed 0, "
            "1)",
        ],
    ]
    assert healthy.text == "Nothing stands out in the layers of elu."


def test_what_was_not_observed_is_no_health(synthetic):
    made = synthetic(("sigmoid", "elu"), 1)
    for arm in ("sigmoid", "elu"):
        made.add(arm, 0)
    inference = infer(collect(made.runs, "activations"))
    assert [arm.runs for arm in inference.findings] == [0, 0]
    assert "Findings" not in [section.title for section in build_page(inference).sections]


def test_damaged_layers_are_named_and_count_up_to_the_damage(study):
    path = study.directory("elu", 1).layers
    path.write_text(path.read_text()[:-20])
    *_, elu = findings(collect(study.runs, "activations"))
    assert (elu.runs, elu.damaged) == (3, (1,))
    page = build_page(infer(collect(study.runs, "activations")))
    (section,) = (each for each in page.sections if each.title == "Findings")
    assert any("damaged at seed 1" in getattr(block, "text", "") for block in section.blocks)


def test_gradient_flow_is_the_median_over_seeds_of_each_layer_and_epoch(study):
    norms = {0: 1e-3, 1: 1e-1, 2: 0.0}
    for seed, norm in norms.items():
        study.directory("elu", seed).layers.unlink()
        layers = {"hidden1": (norm, 0.0), "outputs": (1.0, 0.0)}
        leave(study, "elu", seed, layers, {**layers, "outputs": (float("inf"), 0.0)})
    flows = {flow.arm: flow for flow in gradient_flow(collect(study.runs, "activations"))}
    assert list(flows) == ["sigmoid", "relu", "elu"]
    elu = flows["elu"]
    assert (elu.layers, elu.epochs, elu.updates) == (("hidden1", "outputs"), (1, 2), (100, 200))
    assert elu.log10_norms == ((-3.0, -3.0), (0.0, None))
    assert elu.seeds == (0, 1, 2)
    (only,) = gradient_flow(collect(study.runs, "activations"), ["relu"])
    assert only == flows["relu"]


def at_chance(best, chance=0.1, orders=2.6):
    """Return what is found of a run that is right as often as ``best`` at its best epoch."""
    norms = {f"hidden{n}": {GRADIENT_NORM: 10.0 ** (orders * (n - 5) / 4)} for n in range(1, 6)}
    history = LayerHistory((LayerEpoch(1, 40, norms, {}),), "")
    run = RunLayers(0, history, 40, None, True, chance, best)
    return {finding.kind: finding for finding in run_findings(run)}


def test_a_network_that_stays_at_chance_is_a_finding_with_its_gradients():
    stays = at_chance(0.103)["at_chance"]
    assert finding_sentence(stays, 1) == (
        "stays at chance: 10.3% right at the best epoch, a guess has 10.0%; the median gradient "
        "norm falls by 10^2.6 from hidden5 to hidden1"
    )
    said = finding_sentence(at_chance(0.103, orders=0.5)["at_chance"], 1)
    assert said == "stays at chance: 10.3% right at the best epoch, a guess has 10.0%"
    both = at_chance(0.103, orders=4.0)
    assert {"at_chance", "vanishing_gradients"} == set(both)  # which says how far they fall


@pytest.mark.parametrize(
    ("best", "chance", "stays"),
    [
        (0.18, 0.1, True),
        (0.2, 0.1, False),  # more than 19%
        (0.54, 0.5, True),
        (0.56, 0.5, False),  # of two classes, a tenth of the way from 50 to 100%
        (0.0019, 0.001, True),
        (0.0021, 0.001, False),
        (0.103, None, False),
        (None, 0.1, False),
    ],
)
def test_chance_ends_where_a_guess_is_clearly_beaten(best, chance, stays):
    assert ("at_chance" in at_chance(best, chance)) == stays


def test_the_accuracy_of_a_guess_comes_from_the_study(synthetic):
    made = synthetic(("sigmoid", "elu"), 2, if_diverged={"test_accuracy": 0.1})
    for seed in range(2):
        made.add("sigmoid", seed, accuracy=0.1, curve=(0.1, 0.11, 0.105))
        made.add("elu", seed)
        for arm in ("sigmoid", "elu"):
            write_layers(made.directory(arm, seed), layers=3, epochs=3)
    sigmoid, elu = findings(collect(made.runs, "activations"))
    assert [(f.kind, f.value, f.seeds) for f in sigmoid.findings] == [("at_chance", 0.11, (0, 1))]
    assert elu.findings == ()
