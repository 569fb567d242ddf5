"""``ablations import FOLDER``: runs that another program logged with TensorFlow's own writers."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from ablations.execution.event_curves import MOST_POINTS, MOST_TAGS
from ablations.ledger.event_records import record
from ablations.ledger.records import read_history, read_result
from ablations.telemetry.event_reader import DamagedError, read_scalars
from tests.commands.test_import import ablations, draw_table, import_, write_table

STEPS = 4
Write = Callable[[Path, list[tuple[int, str, float]]], None]

REPORT = ", independent (--paired: seeds are shared); ablations report timing"


@pytest.fixture(params=["tensors", "numbers"])
def write(request: pytest.FixtureRequest, tensorflow: ModuleType) -> Write:
    """Return what logs scalars: as TensorFlow 2 does, or as TensorFlow 1 and PyTorch do."""
    tf = tensorflow

    def tensors(directory: Path, scalars: list[tuple[int, str, float]]) -> None:
        writer = tf.summary.create_file_writer(str(directory))
        with writer.as_default():
            for step, tag, value in scalars:
                tf.summary.scalar(tag, value, step=step)
            tf.summary.histogram("weights", [1.0, 2.0], step=0)
        writer.close()

    def numbers(directory: Path, scalars: list[tuple[int, str, float]]) -> None:
        with tf.Graph().as_default():
            writer = tf.compat.v1.summary.FileWriter(str(directory))
            for step, tag, value in scalars:
                content = tf.compat.v1.Summary.Value(tag=tag, simple_value=value)
                writer.add_summary(tf.compat.v1.Summary(value=[content]), step)
            writer.close()

    return tensors if request.param == "tensors" else numbers


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def log_all(write: Write, folder: Path, name: str = "{arm}/seed-{seed}", seeds: int = 6) -> None:
    """Log the table of ``test_import`` as curves that end at its numbers."""
    for arm, values in draw_table(0).items():
        for seed, last in enumerate(values[:seeds].tolist()):
            curve = [(step, "eval/error", last + STEPS - step) for step in range(STEPS + 1)]
            write(folder / name.format(arm=arm, seed=seed), [*curve, (1, "hours", 1.5)])


def verdicts(place: Path, study: str = "timing") -> dict[str, dict[str, str]]:
    with (place / f"report/{study}/verdicts.csv").open() as stream:
        return {row["arm"]: row for row in csv.DictReader(stream)}


def test_event_files_give_the_report_of_their_last_values(place: Path, write: Write) -> None:
    log_all(write, place / "logs")
    said = import_("logs", metric="eval/error")
    assert said.output == f"timing: 30 runs imported{REPORT}\n"
    assert ablations("report").exit_code == 0
    of_events = verdicts(place)
    report = (place / "report/timing/report.md").read_text()
    assert "*Imported.* 5 arms, 6 runs an arm; 30 runs in the report." in report
    assert "ablations import logs --study timing" in report
    assert "--pattern '{arm}/seed-{seed}'" in report
    written = (place / "report/timing/curves.csv").read_text().splitlines()
    curves = list(csv.DictReader(written))
    shown = [float(r["mean"]) for r in curves if (r["arm"], r["metric"]) == ("fast", "eval/error")]
    ends = float(draw_table(0)["fast"][:6].mean())
    assert shown == pytest.approx([ends + STEPS - step for step in range(STEPS + 1)], rel=1e-6)
    assert {(r["metric"], r["epoch"]) for r in curves if r["metric"] == "hours"} == {("hours", "1")}
    again = import_("logs", metric="eval/error")
    assert again.output.startswith("timing: 0 runs imported, 30 were there")
    table = {arm: values[:6].astype(np.float32) for arm, values in draw_table(0).items()}
    written = write_table(place / "t.csv", table, frozenset())
    assert import_(written, study="other").exit_code == 0
    ablations("report")
    of_table = verdicts(place, "other")
    assert of_table.keys() == of_events.keys()
    assert all(of_table[arm] == of_events[arm] for arm in of_table)


def test_a_curve_of_an_own_trainer_goes_by_its_name(place: Path, write: Write) -> None:
    """A folder of runs of ours: their event files hold ``curves/error`` and ``final/error``."""
    for arm, last in (("a", 1.0), ("b", 2.0)):
        for seed in range(2):
            folder = place / f"logs/{arm}/seed-{seed}"
            write(folder, [(0, "curves/error", 9.0), (1, "curves/error", last)])
    said = import_("logs", metric="error", control="a")
    assert said.output == f"timing: 4 runs imported{REPORT}\n"
    result = read_result(place / "runs/timing/b/seed-0/result.json")
    assert result.metrics == {"error": 2.0}


def test_tensorboard_shows_the_runs_that_were_imported(place: Path, write: Write) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log_all(write, place / "logs", "lr-{arm}_{seed}", seeds=2)
    write(place / "logs/notes", [(0, "eval/error", 1.0)])
    said = import_("logs", metric="eval/error", pattern="lr-{arm}_{seed}")
    assert said.output.startswith("logs: left out, for they are not like lr-{arm}_{seed}: notes\n")
    shown = EventAccumulator(str(place / "runs/timing/fast/seed-1"))
    shown.Reload()
    tags = shown.Tags()
    assert {"eval/error", "hours"} <= {*tags["scalars"], *tags["tensors"]}


def test_curves_are_bounded_and_what_they_leave_out_is_said(place: Path, write: Write) -> None:
    tags = [f"tag{number:02d}" for number in range(MOST_TAGS)]
    many = [(0, tag, 1.0) for tag in ("epoch", *tags)]
    for seed, length in enumerate((1_500, 3_000, 3_000)):
        points = [(10 * number, "eval/error", float(number)) for number in range(length)]
        write(place / f"logs/slow/seed-{seed}", [*many, *points])
    said = import_("logs", metric="eval/error").output.splitlines()
    assert said[:2] == [
        f"logs: no curves of epoch and {tags[-1]}; wants at most {MOST_TAGS} tags",
        f"logs: curves of at most {MOST_POINTS} points: eval/error",
    ]
    steps = []
    for seed in range(3):
        lines = read_history(place / f"runs/timing/slow/seed-{seed}/metrics.jsonl")
        steps.append([line["epoch"] for line in lines if "eval/error" in line])
        assert len({key for line in lines for key in line} - {"epoch"}) == MOST_TAGS
    assert [len(of) for of in steps] == [751, 751, 751]
    assert [of[-1] for of in steps] == [14_990, 29_990, 29_990]
    assert len({*steps[0]} & {*steps[1]}) == 375  # runs of other lengths share their points


def test_a_run_that_ends_as_nan_has_diverged(place: Path, write: Write) -> None:
    log_all(write, place / "logs")
    gone = place / "logs/fast/seed-0"
    for path in gone.iterdir():
        path.unlink()
    write(gone, [(0, "eval/error", 3.0), (1, "eval/error", math.nan)])
    assert import_("logs", metric="eval/error").exit_code == 0
    ablations("report")
    assert "1 of them diverged" in (place / "report/timing/report.md").read_text()


def test_a_folder_that_is_the_studys_own_stays_as_it_is(place: Path, write: Write) -> None:
    log_all(write, place / "runs/timing", seeds=1)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    said = import_("runs/timing", "--replace", metric="eval/error")
    assert said.exit_code == 2
    assert "wants a folder that is not the study's own" in said.output
    assert before == {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"metric": "error"}, 'logs/fast/seed-0: no scalar is tagged "error"; did you mean'),
        ({"pattern": "{arm}"}, '--pattern "{arm}": wants {arm} and {seed}, once each, such as'),
        ({"pattern": "x{arm}/{seed}"}, "logs: no event file in a folder like x{arm}/{seed}; there"),
        ({"pattern": "{arm}/s{seed}", "source": "t.csv"}, "--pattern: t.csv is no folder; wants"),
        ({"control": "swol"}, '--control: no arm is called "swol"; did you mean'),
    ],
)
def test_a_folder_that_does_not_fit_is_a_line_and_nothing_is_written(
    place: Path, write: Write, changes: dict[str, str], line: str
) -> None:
    log_all(write, place / "logs", seeds=1)
    write_table(place / "t.csv", draw_table(0), frozenset())
    changes = {"metric": "eval/error", **changes}
    said = import_(changes.pop("source", "logs"), **changes)
    assert said.exit_code == 2
    assert said.output.startswith(line)
    assert said.output.count("\n") == 1
    assert not (place / "runs").exists()


def test_damage_is_noticed_wherever_it_is(place: Path, write: Write) -> None:
    log_all(write, place / "logs", seeds=1)
    (path,) = (place / "logs/fast/seed-0").iterdir()
    whole = path.read_bytes()
    expected = list(read_scalars(path))
    assert len(expected) == STEPS + 2
    draw = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[draw.integers(len(whole))] ^= 1 << int(draw.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(DamagedError):
            list(read_scalars(path))
    said = import_("logs", metric="eval/error")
    assert said.exit_code == 0
    assert said.output.startswith(f"logs: left out: {path.relative_to(place)}: a record")
    assert not (place / "runs/timing/fast").exists()
    path.write_bytes(whole[:-1])
    with pytest.raises(DamagedError):
        list(read_scalars(path))


def test_a_run_without_the_metric_is_named_and_the_others_are_imported(
    place: Path, write: Write
) -> None:
    log_all(write, place / "logs", seeds=2)
    write(place / "logs/fast/seed-2", [(0, "eval/errors", 3.0)])
    said = import_("logs", metric="eval/error")
    assert said.output.splitlines() == [
        'logs: left out: logs/fast/seed-2: no scalar is tagged "eval/error"; did you mean '
        '"eval/errors"? Known: eval/errors',
        f"timing: 10 runs imported{REPORT}",
    ]


def test_another_scalar_that_ends_as_nan_removes_that_number_alone(
    place: Path, write: Write
) -> None:
    log_all(write, place / "logs", seeds=2)
    write(place / "logs/fast/seed-2", [(0, "eval/error", 3.0), (1, "loss", math.nan)])
    said = import_("logs", metric="eval/error")
    assert said.output.startswith("logs: fast, seed 2: loss is nan: left out; a metric is")
    result = read_result(place / "runs/timing/fast/seed-2/result.json")
    assert (result.status, result.metrics) == ("completed", {"eval/error": 3.0})
    assert result.notes[0].startswith("loss is nan: left out")


def curve(values: list[float], first: int = 0) -> list[tuple[int, str, float]]:
    return [(step, "eval/error", value) for step, value in enumerate(values, first)]


def attempts(place: Path, arm: str, *files: list[tuple[int, str, float]]) -> None:
    """Write the event files of one run, a file an attempt, each begun a second after the last."""
    for number, scalars in enumerate(files):
        folder = place / f"logs/{arm}/seed-0"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{10 - number}.host"  # the names' order is not that of time
        with (folder / name).open("wb") as stream:
            stream.write(record(Event(wall_time=100.0 + number).SerializeToString()))
            for step, tag, value in scalars:
                content = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                event = Event(wall_time=100.5 + number, step=step, summary=content)
                stream.write(record(event.SerializeToString()))


def imported_curve(place: Path, arm: str, tag: str = "eval/error") -> dict[int, float]:
    lines = read_history(place / f"runs/timing/{arm}/seed-0/metrics.jsonl")
    return {int(line["epoch"] or 0): line[tag] or 0.0 for line in lines if tag in line}


def test_of_a_run_that_was_restarted_the_newest_attempt_counts_whole(place: Path) -> None:
    attempts(place, "slow", curve([5.0] * 6))
    attempts(place, "fast", curve([9.0] * 60), curve([8.0] * 3, first=60), curve([1.0] * 6))
    said = import_("logs", metric="eval/error")
    old = [f"fast/seed-0/events.out.tfevents.{number}.host" for number in (10, 9)]
    names = ", ".join(sorted(old))
    assert said.output.startswith(f"logs: left out, of attempts before a restart: {names}\n")
    assert imported_curve(place, "fast") == dict.fromkeys(range(6), 1.0)
    result = read_result(place / "runs/timing/fast/seed-0/result.json")
    assert result.metrics == {"eval/error": 1.0}
    assert len(list((place / "runs/timing/fast/seed-0").glob("events*"))) == 1


def test_an_attempt_that_goes_on_from_an_earlier_one_is_one_run(place: Path) -> None:
    """The second file begins at the last checkpoint: what the first has from there on is void."""
    attempts(place, "slow", curve([5.0] * 8))
    attempts(place, "fast", curve([2.0] * 6), curve([1.0] * 4, first=4))
    said = import_("logs", metric="eval/error")
    assert said.output == f"timing: 2 runs imported{REPORT}\n"
    assert imported_curve(place, "fast") == {step: 2.0 if step < 4 else 1.0 for step in range(8)}
    assert read_result(place / "runs/timing/fast/seed-0/result.json").metrics["eval/error"] == 1.0


def test_two_writers_of_one_run_are_no_restart(place: Path) -> None:
    attempts(place, "slow", curve([5.0] * 3))
    attempts(place, "fast", [(n, "loss", 0.5) for n in range(3)], curve([1.0, 2.0, 3.0]))
    said = import_("logs", metric="eval/error")
    assert said.output == f"timing: 2 runs imported{REPORT}\n"
    metrics = read_result(place / "runs/timing/fast/seed-0/result.json").metrics
    assert metrics == {"loss": 0.5, "eval/error": 3.0}


def test_runs_that_end_early_are_named_by_the_import_and_by_the_answer(place: Path) -> None:
    attempts(place, "slow", curve([5.0] * 40))
    attempts(place, "same", curve([5.0] * 37))
    attempts(place, "fast", curve([1.0] * 10))
    attempts(place, "gone", [*curve([1.0] * 5), (5, "eval/error", math.nan)])
    said = import_("logs", metric="eval/error")
    early = (
        "Runs end early: fast seed 0 at step 9; others at steps 36 to 39. Their values are of "
        "other steps."
    )
    assert said.output.splitlines()[0] == f"logs: {early}"
    assert early in ablations("report").output
    assert early in (place / "report/timing/report.md").read_text()
