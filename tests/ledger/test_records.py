"""Results and histories, whole, torn and foreign."""

from __future__ import annotations

import json
import math

import pytest

from ablations.errors import RunsDirectoryError
from ablations.ledger.kept_metrics import kept_metrics
from ablations.ledger.lines import by_step
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import (
    MOST_METRIC,
    Result,
    UnreadableResultError,
    append_epoch,
    read_history,
    read_result,
)

RESULT = Result(
    study="s", arm="a", seed=3, status="completed", fingerprint="f", metrics={"test_loss": 0.5}
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def refusal(path):
    with pytest.raises(UnreadableResultError) as caught:
        read_result(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_result_is_read_back(path):
    RESULT.write(path)
    assert read_result(path) == RESULT
    assert json.loads(path.read_text())["schema"] == 1
    assert [item.name for item in path.parent.iterdir()] == ["file"]  # nothing left beside it


def test_a_number_that_is_not_finite_is_never_written(path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        RESULT.model_copy(update={"metrics": {"test_loss": float("nan")}}).write(path)
    assert not path.exists()


def test_every_torn_result_is_refused(path):
    RESULT.write(path)
    whole = path.read_bytes().rstrip()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        assert refusal(path).startswith("not readable")


@pytest.mark.parametrize("content", ["[]", "5", "null", '"text"', "{}", '{"schema": 2}'])
def test_a_foreign_result_is_refused(path, content):
    path.write_text(content)
    refusal(path)


def test_a_result_of_another_version_says_so(path):
    path.write_text('{"schema": 2}')
    assert refusal(path) == "format version 2; wants 1"


def test_a_result_with_a_wrong_field_names_it(path):
    data = {**json.loads(RESULT.model_dump_json(by_alias=True)), "status": "finished"}
    path.write_text(json.dumps(data))
    assert refusal(path).startswith("not a result: status: ")


def test_a_result_that_was_changed_is_refused(path):
    RESULT.write(path)
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole))  # laid out in another way
    assert read_result(path) == RESULT
    for changes in ({"seed": 4}, {"metrics": {"test_loss": 0.4}}, {"more": 1}):
        path.write_text(json.dumps({**whole, **changes}))
        assert refusal(path) == "damaged: its checksum is not that of its content"


@pytest.mark.parametrize(
    ("version", "is_read"), [("0.4.9", True), ("0.5.0", False), ("1.0", False)]
)
def test_a_result_without_a_checksum_is_of_an_earlier_version(path, version, is_read):
    result = RESULT.model_copy(update={"environment": {"ablations": version}})
    path.write_text(result.model_dump_json(by_alias=True))
    if is_read:
        assert read_result(path) == result
    else:
        assert refusal(path).startswith("damaged")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000])
def test_bytes_that_are_no_json_are_refused(path, content):
    path.write_bytes(content)
    assert refusal(path).startswith("not readable")


def test_a_missing_result_is_refused(path):
    assert refusal(path).startswith("not readable")


def test_a_history_is_read_back_with_null_for_what_was_not_finite(path):
    append_epoch(path, {"epoch": 1, "train_loss": 0.25})
    append_epoch(path, {"epoch": 2, "train_loss": float("inf")})
    assert read_history(path) == [
        {"epoch": 1, "train_loss": 0.25},
        {"epoch": 2, "train_loss": None},
    ]


def test_a_torn_history_gives_its_good_prefix(path):
    for epoch in (1, 2, 3):
        append_epoch(path, {"epoch": epoch, "train_loss": 0.1})
    whole = path.read_bytes()
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        lines = whole[:size].count(b"\n")
        assert [line["epoch"] for line in read_history(path)] == [1, 2, 3][:lines]


def test_a_history_ends_at_its_first_damaged_line(path):
    for epoch in (1, 2, 3):
        append_epoch(path, {"epoch": epoch, "train_loss": 0.1})
    path.write_bytes(path.read_bytes().replace(b"0.1", b"0.3", 2).replace(b"0.3", b"0.1", 1))
    assert read_history(path) == [{"epoch": 1, "train_loss": 0.1}]


@pytest.mark.parametrize(
    "line", ["{", "5", "[]", '{"loss": 1}', '{"epoch": "x"}', "\x00", "[" * 100_000]
)
def test_a_history_ends_at_its_first_foreign_line(path, line):
    path.write_text('{"epoch": 1}\n' + line + '\n{"epoch": 3}\n')
    assert read_history(path) == [{"epoch": 1}]


def test_there_is_no_history_without_a_file(path):
    assert read_history(path) == []


def test_no_name_and_no_link_leads_out_of_the_runs_directory(tmp_path):
    runs = RunsDirectory(tmp_path / "runs")
    assert runs.run("s", "a", 1).path == tmp_path / "runs" / "s" / "a" / "seed-1"
    with pytest.raises(RunsDirectoryError, match="leads out of"):
        runs.study("../other")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "s").symlink_to(tmp_path)
    with pytest.raises(RunsDirectoryError, match="leads out of"):
        runs.run("s", "a", 1)
    (tmp_path / "runs" / "s").unlink()
    (tmp_path / "runs" / "s" / "a" / "seed-1").mkdir(parents=True)
    (tmp_path / "runs" / "s" / "a" / "seed-0").symlink_to("seed-1")
    with pytest.raises(RunsDirectoryError, match="seed-0: is a link; wants a directory of its own"):
        runs.run("s", "a", 0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.1e100, -1e200])
def test_what_a_result_cannot_hold_is_named_and_diverges_it_where_it_is_judged(value):
    found = {"error": value, "other": 2.0}
    assert kept_metrics(found, "error") == ({"other": 2.0}, f"error is {value:g}", ())
    kept, divergence, (note,) = kept_metrics(found, "other")
    assert (kept, divergence) == ({"other": 2.0}, "")
    assert note.startswith(f"error is {value:g}: left out; a metric is a finite number of at most")


def test_a_note_of_many_lost_metrics_names_some_and_counts_the_others():
    found = {f"m{n}": math.nan for n in range(7)} | {"loss": MOST_METRIC}
    kept, _, (note,) = kept_metrics(found, "loss")
    assert kept == {"loss": 1e100}
    assert note.startswith("m0 is nan, m1 is nan, m2 is nan and 4 more: left out")


def logged(*lines):
    return [{"epoch": step, name: value} for step, name, value in lines]


def test_of_a_program_that_began_again_the_newest_attempt_is_read_alone():
    old = logged(*((step, "loss", 0.0) for step in range(6)), (2, "auc", 5.0))
    new = logged(*((step, "loss", 1.0) for step in range(3)))
    steps = by_step([*old, *new])
    assert {step: line.get("loss") for step, line in steps.items()} == {0: 1.0, 1: 1.0, 2: 1.0}
    assert steps[2]["auc"] == 5.0  # only the old attempt logged it, and the new one reached it


def test_a_step_in_several_lines_and_out_of_order_loses_nothing():
    lines = logged((2, "loss", 0.2), (1, "loss", 0.1), (1, "auc", 0.9), (3, "loss", 0.3))
    assert by_step(lines) == {
        1: {"epoch": 1, "loss": 0.1, "auc": 0.9},
        2: {"epoch": 2, "loss": 0.2},
        3: {"epoch": 3, "loss": 0.3},
    }


def test_a_program_that_goes_on_keeps_what_it_logged_before():
    lines = logged(*((s, "loss", 0.0) for s in range(6)), *((s, "loss", 1.0) for s in range(4, 8)))
    found = [line["loss"] for line in by_step(lines).values()]
    assert found == [0.0] * 4 + [1.0] * 4
