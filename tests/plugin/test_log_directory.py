"""Log directories that are broken, empty, changing or hostile: the tab says so, and no more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.synthetic_runs import SyntheticStudy

NAME = "activations"
VIEWS = ("progress", "answer", "effects", "curves", "tuning", "interactions")


def test_an_empty_directory_has_no_studies(tab: Any, tmp_path: Path) -> None:
    assert tab(tmp_path).get("studies")["studies"] == []


@pytest.mark.parametrize(
    ("logdir", "says"),
    [
        ("", "without --logdir"),
        ("gs://bucket/runs", "on another machine"),
        ("nowhere", "no such directory yet"),
    ],
)
def test_what_is_no_directory_is_said(tab: Any, logdir: str, says: str) -> None:
    response = tab(logdir).raw("studies")
    assert response.status_code == 200
    assert says in response.json["problem"]


def test_a_study_that_is_half_deleted_is_named_with_what_it_lacks(
    tab: Any, filled: SyntheticStudy
) -> None:
    (filled.runs / NAME / "study.yaml").unlink()
    shown = tab(filled.runs)
    ((found),) = shown.get("studies")["studies"]
    assert found["name"] == NAME
    assert "half-deleted" in found["problem"]
    assert "half-deleted" in shown.get("progress", study=NAME)["problem"]


def test_runs_that_vanish_are_pending(tab: Any, filled: SyntheticStudy) -> None:
    shown = tab(filled.runs)
    assert shown.get("progress", study=NAME)["states"]["done"] == 22
    shutil.rmtree(filled.runs / NAME / "elu")
    for view in VIEWS:
        assert "problem" not in shown.get(view, study=NAME)
    shutil.rmtree(filled.runs / NAME)
    assert shown.raw("progress", study=NAME).status_code == 404


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("study: activations\nfuture: 1\n", "not a study's record"),
        ("study: [", "study.yaml:"),
        ("", "not a study's record"),
        ("\x00\xff", "study.yaml"),
    ],
)
def test_a_record_of_another_version_or_none_is_one_line(
    tab: Any, filled: SyntheticStudy, content: str, says: str
) -> None:
    (filled.runs / NAME / "study.yaml").write_text(content, encoding="latin-1")
    for view in VIEWS:
        response = tab(filled.runs).raw(view, study=NAME)
        assert response.status_code == 200
        assert says in response.json["problem"]
        assert "\n" not in response.json["problem"]


def test_torn_and_damaged_files_are_left_out_and_named(tab: Any, filled: SyntheticStudy) -> None:
    filled.directory("elu", 0).result.write_text("{")
    with filled.directory("elu", 1).metrics.open("a") as stream:
        stream.write('{"epoch": 4, "val')  # being written
    shown = tab(filled.runs)
    runs = {(r["arm"], r["seed"]): r for r in shown.get("progress", study=NAME)["runs"]}
    assert runs["elu", 0]["state"] == "stale"
    assert "not readable" in runs["elu", 0]["reason"]
    assert runs["elu", 1]["state"] == "done"
    curves = {arm["arm"]: arm for arm in shown.get("curves", study=NAME)["arms"]}
    assert curves["elu"]["n"] == 7


def test_a_directory_with_the_name_of_a_script_stays_text(tab: Any, filled: SyntheticStudy) -> None:
    name = "<img src=x onerror=alert(1)>"
    shutil.copytree(filled.runs / NAME, filled.runs / name)
    found = tab(filled.runs).get("studies")["studies"]
    assert {"name": name, "problem": "no study can have this name"} in found
    response = tab(filled.runs).raw("progress", study=name)
    assert response.status_code == 404
    assert response.mimetype == "application/json"  # with nosniff: never taken for a page
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "link", ["study", "study.yaml", "looks.json", "result.json", "metrics.jsonl"]
)
def test_no_link_is_followed_out_of_the_log_directory(
    tab: Any, filled: SyntheticStudy, tmp_path: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(filled.runs / NAME, outside)
    place = filled.runs / NAME
    run = place / "elu" / "seed-0"
    secret = {"epoch": 1, "updates": 1, "secret": 0.123456}
    (outside / "elu" / "seed-0" / "metrics.jsonl").write_text(json.dumps(secret) + "\n")
    (outside / "looks.json").write_text('{"schema": 1}')
    if link == "study":
        shutil.rmtree(place)
        place.symlink_to(outside)
    else:
        linked = place / link if link in ("study.yaml", "looks.json") else run / link
        target = outside / linked.relative_to(place)
        linked.unlink(missing_ok=True)
        linked.symlink_to(target)
    shown = tab(filled.runs)
    told = shown.get("progress", study=NAME)
    if link in ("study", "study.yaml", "looks.json"):
        assert "link" in told["problem"]
        return
    runs = {(r["arm"], r["seed"]): r for r in told["runs"]}
    assert runs["elu", 0]["state"] == "stale"
    assert "leads out of the log directory" in runs["elu", 0]["reason"]
    for asked in ({"arms": "elu"}, {"arms": "elu", "metric": "train_loss"}):
        assert "secret" not in shown.raw("curves", study=NAME, **asked).text
        assert "0.123456" not in shown.raw("seeds", study=NAME, **asked).text


def test_a_link_to_the_log_directory_itself_is_fine(
    tab: Any, filled: SyntheticStudy, tmp_path: Path
) -> None:
    (tmp_path / "current").symlink_to(filled.runs)
    assert tab(tmp_path / "current").get("progress", study=NAME)["states"]["done"] == 22


def test_a_defect_is_an_answer_and_never_tensorboards(
    tab: Any, filled: SyntheticStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ablations.plugin import routes

    def broken(study: Any, arguments: Any) -> Any:
        raise ZeroDivisionError("one of ours")

    monkeypatch.setattr(routes, "VIEWS", {**routes.VIEWS, "progress": broken})
    response = tab(filled.runs).raw("progress", study=NAME)
    assert response.status_code == 500
    assert response.json["problem"] == "a defect of the tab: ZeroDivisionError: one of ours"
