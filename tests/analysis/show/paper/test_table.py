"""The table of a paper: its numbers against NumPy and SciPy, its LaTeX against a reader."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.paper.caption import caption
from ablations.analysis.show.paper.columns import DEFAULT, columns_of, known_columns
from ablations.analysis.show.paper.table import PaperTable, paper_table, tabular
from ablations.errors import AblationsError
from tests.support import latex

ARMS = ("he_normal", "elu", "dropout_0.2", "batch_norm-after_dense_25")
EFFECTS = (0.0, 0.05, 0.0004, -0.03)


def shown(inference: Inference, columns: tuple[str, ...] = DEFAULT) -> tuple[PaperTable, str]:
    """The table at 3.35 inches, and its LaTeX."""
    table = paper_table(inference, columns_of(inference, columns), 3.35)
    return table, tabular(table)


def of(made: Any) -> Inference:
    return infer(collect(made.runs, made.study.study))


@pytest.fixture
def values() -> dict[str, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(4)
    return {
        arm: 0.9 + effect + draw.normal(0, 0.004, 8)
        for arm, effect in zip(ARMS, EFFECTS, strict=True)
    }


@pytest.fixture
def made(synthetic: Any, values: dict[str, np.ndarray[Any, Any]]) -> Any:
    made = synthetic(ARMS, 8, margin=0.01)
    for arm, scores in values.items():
        for seed, score in enumerate(scores.tolist()):
            made.add(arm, seed, accuracy=score)
    return made


def test_each_number_is_that_of_numpy_and_scipy(
    made: Any, values: dict[str, np.ndarray[Any, Any]]
) -> None:
    inference = of(made)
    table = latex.tabular(shown(inference)[1])
    assert table.columns == "prlrrrr"
    assert list(table.body) == ["he_normal", "elu", "dropout_0.2", "batch_norm-after_dense_25"]
    for arm, scores in values.items():
        mean, deviation, *rest = table.body[arm]
        assert mean == f"{100 * scores.mean():.2f}"
        assert deviation == f"± {100 * scores.std(ddof=1):.2f}"
        if arm == "he_normal":
            assert rest == ["--", "--", "--"]
            continue
        differences = 100 * (scores - values["he_normal"])
        low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
        assert rest[:3] == [f"{differences.mean():+.2f}", f"[{low:.2f}", f"{high:.2f}]"]
    assert table.body["elu"][-1] == table.body["batch_norm-after_dense_25"][-1] == "0.008"


def test_the_control_stands_first_whatever_the_file_says_and_only_the_best_is_bold(
    synthetic: Any,
) -> None:
    made = synthetic(("elu", "sigmoid", "tanh"), 8, control="tanh")
    for position, arm in enumerate(made.study.arm_names):
        for seed in range(8):
            made.add(arm, seed, accuracy=0.9 - 0.1 * position + 0.001 * seed)
    text = shown(of(made))[1]
    table = latex.tabular(text)
    assert list(table.body) == ["tanh", "elu", "sigmoid"]
    assert table.rules == 4  # the control is set apart
    assert re.findall(r"\\textbf\{(.*?)\}", text) == ["90.35"]
    assert r"\textbf{elu}" in shown(of(made), ("effect",))[1]  # its name where no mean is shown


def test_names_of_25_characters_fit_a_column_broken_over_lines(made: Any) -> None:
    table, text = shown(of(made))
    assert table.inches <= 3.35
    assert r"batch\_\allowbreak{}norm-\allowbreak{}after\_" in text
    wide = paper_table(of(made), columns_of(of(made), DEFAULT), 5.5)
    assert wide.form.startswith("@{}l")
    assert 3.35 < wide.inches < 5.5


def test_chosen_columns_stand_in_the_order_asked_for_each_once(made: Any) -> None:
    chosen = ("verdict", "arm", "test_loss", "verdict", "parameters", "interval_all", "p")
    head, *_ = latex.tabular(shown(of(made), chosen)[1]).rows
    titles = [latex.visible(cell) for cell in head]
    assert titles == ["", "verdict", "test loss (nats)", "parameters", "95% CI, all", "raw p"]


def test_every_column_that_there_is_can_be_shown(made: Any) -> None:
    names = tuple(known_columns(of(made)))
    table = latex.tabular(shown(of(made), names)[1])
    assert {"mean", "effect", "interval", "n", "seconds", "test_loss", "diverged"} <= set(names)
    assert table.body["elu"][names.index("verdict") + 3].startswith("better*")


def test_an_unknown_column_is_one_line_with_the_nearest_and_all(made: Any) -> None:
    with pytest.raises(AblationsError) as error:
        columns_of(of(made), ("mean", "intervall"))
    line = str(error.value)
    assert line.startswith(
        '--columns: activations has no column "intervall"; did you mean "interval"? Known: arm, '
    )
    assert "probability_of_improvement" in line
    assert "\n" not in line


def test_the_caption_says_what_was_measured_and_tested(made: Any) -> None:
    text = caption(of(made), DEFAULT)
    latex.check(text)
    latex.check_words(text)
    for said in (
        "Test accuracy in percent: mean over 8 seeds, standard deviation as a subscript",
        r"the control, he\_normal, is first",
        r"over the same seeds, in points, with Student's 95\% interval (CI) of that arm alone",
        r"$p$: two-sided sign-flip test, corrected by step-down \mbox{max-T} for 3 comparisons; "
        "with 8 seeds at least 0.008.",
        "Differences matter from 1.00 points on (margin).",
        "Bold: may be the best arm",
        "No arm was tuned.",
    ):
        assert said in text
    assert "all arms at once" not in text
    assert "holds for all arms at once" in caption(of(made), ("interval_all",))
    assert "equivalent: by less" in caption(of(made), ("verdict",))


def test_the_caption_names_the_correction_that_the_study_declares(made: Any) -> None:
    made.study = made.study.model_copy(update={"correction": "holm"})
    made.write_record()
    assert "corrected by Holm for 3 comparisons" in caption(of(made), DEFAULT)


def test_the_caption_names_the_looks_that_share_the_error(made: Any) -> None:
    changes = {"looks": (7, 8), "look_weights": (0.6, 0.4)}
    made.study = made.study.model_copy(update=changes)
    made.write_record()
    text = caption(of(made), DEFAULT)
    assert (
        r"at looks of 7 and 8 seeds that share an error of 5\%, corrected for 3 comparisons" in text
    )


def test_too_few_seeds_show_what_there_is_and_say_that_nothing_is_judged(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    for seed in range(3):
        made.add("sigmoid", seed, accuracy=0.5 + 0.01 * seed)
        made.add("elu", seed, accuracy=0.6 + 0.02 * seed)
    text = shown(of(made))[1]
    assert latex.tabular(text).body["elu"][2:] == ["+11.00", "[8.52", "13.48]", "--"]
    assert "textbf" not in text
    said = caption(of(made), DEFAULT)
    assert "No arm is judged: with 3 paired seeds no difference" in said
    assert "it takes at least 6" in said
    assert "sign-flip" not in said


def test_arms_that_lack_runs_are_marked_and_the_caption_counts_them(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu", "tanh"), 10, if_diverged={"test_accuracy": 0.1})
    for seed in range(10):
        made.add("sigmoid", seed, accuracy=0.5 + 0.001 * seed)
        made.add("tanh", seed, accuracy=0.7 + 0.002 * seed)
        made.add("elu", seed, accuracy=None, status="diverged")
    made.add("elu", 9, accuracy=0.6)
    table = latex.tabular(shown(of(made), (*DEFAULT, "diverged"))[1])
    assert list(table.body) == ["sigmoid", "elu†", "tanh"]
    assert table.body["elu†"][-1] == "9/10"
    text = caption(of(made), DEFAULT)
    assert "Completed runs: elu 1 of 10, 9 diverged." in text
    assert r"in an effect a diverged run scores 10.00\%" in text
    assert "More runs diverge than of the control (McNemar's exact test, Holm): elu." in text


@pytest.mark.parametrize("case", ["nothing", "diverged", "no control", "control only"])
def test_poor_studies_have_a_table_too(synthetic: Any, case: str) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    for arm in made.study.arm_names:
        for seed in range(2):
            if case == "diverged":
                made.add(arm, seed, accuracy=None, status="diverged", reason="nan")
            elif case == ("no control" if arm == "elu" else "control only"):
                made.add(arm, seed)
    inference = of(made)
    for names in (DEFAULT, tuple(known_columns(inference))):
        text = shown(inference, names)[1]
        assert len(latex.tabular(text).rows) == 3
        latex.check(caption(inference, names))
        assert not re.search(r"\b(nan|None|inf)\b", text)
