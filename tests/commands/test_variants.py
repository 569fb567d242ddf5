"""``--set`` makes a variant: a study of its own, beside the one that it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ablations.cli import main
from ablations.commands import studies
from ablations.study.schema import STUDY_NAME, variant_name

SET = ("--set", "training.epochs=1")
NAME = "small+training.epochs=1"


def invoke(*words: str) -> Result:
    return CliRunner().invoke(
        main, [*words, *(("--executor", "inline") if words[0] == "run" else ())]
    )


def ablations(*words: str) -> str:
    done = invoke(*words)
    assert done.exit_code == 0, done.output
    return done.output


def files(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_variant_touches_nothing_of_its_study(workplace: Path) -> None:
    assert "4 completed" in ablations("run", "small")
    before = files(Path("runs/small"))
    assert "4 completed" in ablations("run", "small", *SET)
    assert files(Path("runs/small")) == before
    result = json.loads(Path(f"runs/{NAME}/elu/seed-1/result.json").read_text())
    assert (result["study"], result["epochs"]) == (NAME, 1)
    for words in (("small", *SET), (NAME,)):
        assert "nothing to train" in ablations("run", *words)
        assert "4 runs: 4 done" in ablations("plan", *words)
        assert ablations("status", *words).split()[7:9] == ["elu", "2"]
        assert f"{NAME}: report/{NAME}/index.html" in ablations("report", *words)
    assert [line.split()[:2] for line in ablations("status").splitlines()[1:]] == [
        ["small", "4"],
        [NAME, "4"],
    ]
    assert "1 epoch" not in ablations("report", "small")
    markdown = Path(f"report/{NAME}/report.md").read_text()
    assert "ablations run small --seeds 2 --set training.epochs=1" in markdown
    assert Path("report/README.md").read_text().count("/report.md)") == 2


def test_settings_in_another_order_are_the_same_variant(workplace: Path) -> None:
    one = {"training.epochs": 1, "model.hidden": [8]}
    other = dict(reversed(list(one.items())))
    assert studies.load("small", one)[0].study == studies.load("small", other)[0].study


@pytest.mark.parametrize(
    ("value", "label"),
    [(1, "1"), (0.5, "0.5"), (True, "true"), (None, "null"), ("adam", "adam"), ("1", None),
     ([8, 8], None), ({"name": "adam", "epsilon": 1.0}, None), ("../x", None), ("a" * 60, None)],
)  # fmt: skip
def test_each_value_has_a_name_of_its_own(value: object, label: str | None) -> None:
    name = variant_name("s", {"training.optimizer": value})
    assert STUDY_NAME.fullmatch(name)
    if label is None:
        assert name[-9] == "-"
    else:
        assert name == f"s+training.optimizer={label}"


def test_many_settings_are_told_by_a_hash_and_still_found(workplace: Path) -> None:
    sets = [f"training.optimizer={{name: adam, epsilon: {n}.0}}" for n in (1, 2)]
    more = ["data.validation=100", "training.batch_size=20", "training.epochs=1"]
    more += ["telemetry.histograms_every_epochs=0", "telemetry.gradient_samples_per_epoch=2"]
    names = set()
    for each in sets:
        words = [word for one in [each, *more] for word in ("--set", one)]
        assert "1 completed" in ablations("run", "small", "--arm", "elu", "--seed", "0", *words)
        names |= {path.name for path in Path("runs").iterdir()}
    assert len(names) == 2
    for name in names:
        assert STUDY_NAME.fullmatch(name)
        said = invoke("plan", name)
        assert (said.exit_code, said.output.count("\n")) == (2, 1)
        assert "wants --set" in said.output
    assert len(ablations("status").splitlines()) == 4


@pytest.mark.parametrize("command", ["status", "report", "tensorboard"])
def test_set_without_a_study_is_one_line(workplace: Path, command: str) -> None:
    done = invoke(command, *SET)
    assert done.exit_code == 2
    assert done.output == "--set: wants a study whose variant is meant\n"
