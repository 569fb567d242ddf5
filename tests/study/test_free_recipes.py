"""What a study of a user's own trainer says, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ablations.cli import main
from ablations.errors import AblationsError
from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint
from ablations.study.free_recipes import CommandRecipe
from ablations.study.load import load_studies
from ablations.study.schema import Study
from tests.support.own_training import PLACE, STUDY, study

COMMAND = '{command: [python, train.py, --rate, "{rate}", "{steps}", "{seed}", "{directory}"]}'


def load(content: str, **overrides: object) -> Study:
    Path("own.yaml").write_text(content)
    (loaded,) = load_studies(Path("own.yaml"), CATALOG, overrides)
    return loaded


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("pass\n")


@pytest.mark.parametrize("content", [study("train"), STUDY.format(trainer=COMMAND)])
def test_the_study_of_the_design_is_read_and_read_back(content: str) -> None:
    loaded = load(content)
    assert loaded.arm("fast").recipe.settings == {"rate": 0.1, "steps": 20}
    assert (loaded.answering_metric.better, loaded.answering_metric.unit) == ("lower", "dollars")
    assert loaded.if_diverged == {"error": 100.0}
    assert Study.model_validate(loaded.model_dump(mode="json")) == loaded
    varied = load(content, **{"settings.steps": 5})
    assert varied.study == "own+settings.steps=5"
    assert varied.arm("fast").recipe.settings == {"rate": 0.1, "steps": 5}


def test_which_is_better_need_not_be_said_where_the_metrics_name_tells() -> None:
    told = load(GOOD.replace("better: lower, ", ""))
    assert (told.answering_metric.better, told.answering_metric.unit) == ("lower", "dollars")
    with pytest.raises(AblationsError, match=r"metrics\.cost: wants better: higher, or better"):
        load(GOOD.replace("better: lower, ", "").replace("error", "cost"))


def test_of_a_loss_that_a_trainer_of_ones_own_has_no_unit_is_known() -> None:
    loaded = load(GOOD.replace("metric: error", "metric: test_loss"))
    assert (loaded.answering_metric.better, loaded.answering_metric.unit) == ("lower", "")
    assert loaded.answering_metric.if_diverged is None


def test_a_command_is_its_words_with_settings_seed_and_directory_put_in() -> None:
    words = ["go", "--x={x}", "{opt.name}", "{flag}", "{{seed}}", '{"a": 1}', "{seed}"]
    words.append("{directory}")
    settings = {"x": 1e-5, "opt": {"name": "a b; rm"}, "flag": True}
    recipe = CommandRecipe.model_validate({"trainer": {"command": words}, "settings": settings})
    assert recipe.words(3, Path("/runs/d")) == [
        *("go", "--x=1e-05", "a b; rm", "true", "{seed}", '{"a": 1}', "3", "/runs/d")
    ]


def test_a_study_that_was_kept_before_its_command_had_to_name_the_seed_is_read() -> None:
    kept = load(STUDY.format(trainer=COMMAND)).model_dump(mode="json")
    for recipe in (kept["base"], *(arm["recipe"] for arm in kept["arms"])):
        recipe["trainer"]["command"].remove("{seed}")
    read = Study.model_validate(kept).arm("slow").recipe
    assert isinstance(read, CommandRecipe)
    assert not read.reads("seed")


def test_code_and_settings_enter_the_fingerprint() -> None:
    def print_of(content: str) -> str:
        return fingerprint(load(content).arm("slow").recipe, 0, "")

    before = print_of(STUDY.format(trainer=COMMAND))
    assert print_of(STUDY.format(trainer=COMMAND).replace("own", "other")) == before
    assert print_of(STUDY.format(trainer=COMMAND).replace("steps: 20", "steps: 21")) != before
    Path("train.py").write_text("pass  # other\n")
    assert print_of(STUDY.format(trainer=COMMAND)) != before


GOOD = study("train")
KERAS = """\
study: own
question: "?"
trainer: keras
base:
  data: digits
  model: {name: "python:tests.support.keras_training.classifier", width: 8}
  training: {epochs: 1}
control: narrow
arms: {narrow: {}, wide: {model.width: 16}}
seeds: 6
metrics: {test_mae: {better: lower}}
metric: test_mae
"""
WRONG = {
    "the trainer's name": (
        GOOD.replace(f"python:{PLACE}.train", "compild"),
        'own.yaml:3:10: trainer: unknown trainer "compild"; did you mean "compiled"?',
    ),
    "no trainer": (
        GOOD.replace(f"python:{PLACE}.train", "7"),
        "own.yaml:3:10: trainer: wants one of compiled,",
    ),
    "no module": (
        GOOD.replace(PLACE, "nowhere"),
        "own.yaml:3:10: trainer: python:nowhere.train: no module nowhere",
    ),
    "no function": (study("trian"), f"python:{PLACE}.trian: {PLACE} has no function trian"),
    "takes nothing": (
        study("takes_nothing"),
        f"python:{PLACE}.takes_nothing: too many positional arguments; is called as "
        "takes_nothing(run), got takes_nothing()",
    ),
    "a misspelt setting": (
        GOOD.replace("settings.rate: 0.1", "settings.rat: 0.1"),
        'own.yaml:6:25: arms.fast.settings.rat: the base has no setting "rat"; did you mean "rate"',
    ),
    "another section": (
        GOOD.replace("settings.rate: 0.1", "training.rate: 0.1"),
        'own.yaml:6:25: arms.fast.training.rate: unknown key "training"; did you mean "settings"?',
    ),
    "an unknown placeholder": (
        STUDY.format(trainer=COMMAND.replace("{rate}", "{lr}")),
        "own.yaml:3:47: trainer.command.3: unknown placeholder {lr}; Known: directory, rate, seed",
    ),
    "a setting that the command does not take": (
        STUDY.format(trainer=COMMAND.replace("{rate}", "0.1")),
        "arms.fast.settings.rate: no word of the command holds {rate}, so it would change nothing",
    ),
    "a command without the seed": (
        STUDY.format(trainer=COMMAND.replace('"{seed}", ', "")),
        "own.yaml:3:20: trainer.command: no word of the command holds {seed}, so every seed would "
        "be the same run\n",
    ),
    "a command without seed and directory": (
        STUDY.format(trainer=COMMAND.replace(', "{seed}", "{directory}"', "")),
        "so every seed would be the same run; no word of the command holds {directory}, so it "
        "could not leave its final.json\n",
    ),
    "a command in one text": (
        STUDY.format(trainer="{command: python train.py}"),
        "own.yaml:3:20: trainer.command: wants a list of words, such as [python, train.py,",
    ),
    "a key beside the command": (
        STUDY.format(trainer="{command: [ls], shell: true}"),
        'own.yaml:3:10: trainer: unknown key "shell"; Known: command, cwd',
    ),
    "a setting called seed": (
        STUDY.format(trainer=COMMAND).replace("rate: 0.01", "rate: 0.01, seed: 1"),
        "settings.seed: every command has a {seed} of its own; wants another name",
    ),
    "no program": (
        STUDY.format(trainer=COMMAND.replace("python,", "pythno,")),
        'trainer.command: arm slow: no program "pythno" here',
    ),
    "no file for Python": (
        STUDY.format(trainer=COMMAND.replace("train.py", "trian.py")),
        'trainer.command: arm slow: trian.py is no file; did you mean "train.py"? Known: train.py',
    ),
    "an unknown metric": (
        GOOD.replace("metric: error", "metric: eror"),
        'own.yaml:9:9: metric: unknown metric "eror"; did you mean "error"? Known: error; any '
        "other is declared under metrics, such as {eror: {better: higher}}",
    ),
    "an unknown metric of a Keras model": (
        KERAS.replace("metric: test_mae", "metric: test_maee"),
        'unknown metric "test_maee"; did you mean "test_mae"? Known: test_accuracy, test_loss, '
        "test_mae, validation_accuracy, validation_accuracy_best, validation_accuracy_last, "
        "validation_loss_best; any other is declared under metrics, such as "
        "{test_maee: {better: higher}}",
    ),
    "a search": (
        GOOD + "tune: {settings: {settings.rate: [1, 2]}}\n",
        "own.yaml:10:7: tune.metric: wants the metric that chooses",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_a_line_before_anything_runs(what: str) -> None:
    content, line = WRONG[what]
    Path("own.yaml").write_text(content)
    done = CliRunner().invoke(main, ["run", "own.yaml"])
    assert done.exit_code == 2, done.output
    assert line in done.output, done.output
    assert not Path("runs").exists()


def test_a_variant_of_a_setting_that_is_not_there_is_refused() -> None:
    with pytest.raises(AblationsError, match=r'settings\.stps: the base has no setting "stps"'):
        load(GOOD, **{"settings.stps": 5})
