"""What a disk can do, against what the system's own tools say of it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ablations.errors import RunsDirectoryError
from ablations.execution import storage
from ablations.execution.storage import examine, existing_above


def test_a_disk_is_as_the_system_says(tmp_path: Path) -> None:
    found = examine(tmp_path / "not" / "there")
    assert found.existing == tmp_path
    assert found.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
    df = subprocess.run(["df", "--output=fstype", tmp_path], capture_output=True, text=True)
    assert found.file_system == df.stdout.split()[-1]
    assert found.locks
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "on_network"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("xfs", False)]
)
def test_the_nearest_mount_above_a_directory_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, on_network: bool
) -> None:
    place = tmp_path / "a disk"
    place.mkdir()
    mounts = tmp_path / "mountinfo"
    escaped = str(place).replace(" ", "\\040")
    lines = [("/", "overlay"), (escaped, kind), (f"{escaped}/deeper", "tmpfs")]
    mounts.write_text("".join(f"36 35 0:1 / {at} rw - {fs} dev rw\n" for at, fs in lines))
    monkeypatch.setattr(storage, "MOUNTS", mounts)
    found = examine(place)
    assert (found.file_system, found.on_network) == (kind, on_network)
    monkeypatch.setattr(storage, "MOUNTS", tmp_path / "none")  # as on other systems
    assert examine(place).file_system == ""


def test_a_lock_that_does_not_hold_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcntl.flock", lambda *_: None)  # as a file system that ignores them
    assert not examine(tmp_path).locks


def test_what_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunsDirectoryError, match="is not a directory; wants one to write in"):
        examine(tmp_path / "file" / "runs")
    with pytest.raises(RunsDirectoryError, match=f"^/proc/{os.getpid()}/x: "):
        examine(Path(f"/proc/{os.getpid()}/x"))


def test_a_directory_that_an_ordinary_user_may_not_search_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, real = str(tmp_path / "closed"), os.stat

    def refuse(path: Any, *rest: Any, **named: Any) -> os.stat_result:
        if str(path).startswith(f"{closed}/"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *rest, **named)

    Path(closed).mkdir()
    monkeypatch.setattr(os, "stat", refuse)  # who runs the tests may be allowed everything
    monkeypatch.setattr(os, "access", lambda path, _: str(path) != closed)
    with pytest.raises(RunsDirectoryError, match="closed cannot be written; wants one that can"):
        existing_above(Path(closed) / "runs")


def test_a_link_that_leads_nowhere_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to("gone")
    with pytest.raises(RunsDirectoryError, match="runs is a link to gone, which does not exist"):
        existing_above(tmp_path / "runs")
