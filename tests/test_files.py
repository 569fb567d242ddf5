"""Files are written whole, and may be read by those whom the umask lets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablations.files import write_atomically
from ablations.ledger import replaced
from ablations.ledger.lock import hold
from ablations.ledger.paths import RunsDirectory, lease_of, lock_of
from tests.support.synthetic_runs import SyntheticStudy, make_study


@pytest.fixture(params=[0o077, 0o022, 0o002], ids=oct)
def expected(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set a umask; the mode that it leaves a new file."""
    before = os.umask(request.param)
    yield 0o666 & ~request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_has_the_mode_that_the_umask_gives(tmp_path: Path, expected: int) -> None:
    path = tmp_path / "file"
    for content in ("one", b"two"):
        write_atomically(path, content)
        assert mode(path) == expected
    assert path.read_bytes() == b"two"


def test_so_have_locks_and_archives(tmp_path: Path, expected: int) -> None:
    directory = tmp_path / "held"
    with hold(directory):
        assert (mode(lock_of(directory)), mode(lease_of(directory))) == (expected, expected)
    made = SyntheticStudy(tmp_path, make_study(seeds=1))
    made.add("elu", 0)
    replaced.keep(RunsDirectory(made.runs).run(made.study.study, "elu", 0))
    (archive,) = replaced.archives(RunsDirectory(made.runs))
    assert mode(archive) == expected


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError("full")

    path = tmp_path / "file"
    write_atomically(path, "old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        write_atomically(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"
