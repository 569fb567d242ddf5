"""One trainer at a time: on one host at once, on others after the lease of who is gone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ablations.ledger import lease, lock
from ablations.ledger.lease import LostError
from ablations.ledger.lock import HeldError, hold, is_held
from ablations.ledger.paths import lease_of, lock_of

HOLDER = """\
import sys, time, fcntl
from pathlib import Path
from ablations.ledger import lease, lock
lease.TOUCH_SECONDS = 0.05
if sys.argv[2] != "here":
    lease.host = lambda: sys.argv[2]
    fcntl.flock = lambda descriptor, kind: None  # a mount whose locks stay on their host
with lock.hold(Path(sys.argv[1])) as held:
    print("held", flush=True)
    sys.stdin.readline()
    try:
        held.check()
        print("still held", flush=True)
    except lock.HeldError as error:
        print(error, flush=True)
"""
STALE_SECONDS = 0.6


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a lease grow stale while a test waits."""
    monkeypatch.setattr(lease, "STALE_SECONDS", STALE_SECONDS)
    monkeypatch.setattr(lease, "TOUCH_SECONDS", 0.05)


@contextmanager
def holder(directory: Path, host: str = "here") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the directory, of this host or of another."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory), host],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def free_within(directory: Path, seconds: float) -> float:
    """Wait until nobody holds the directory; return how long that took."""
    started = time.monotonic()
    while is_held(directory):
        assert time.monotonic() - started < seconds
        time.sleep(0.01)
    return time.monotonic() - started


def test_on_one_host_the_dead_are_taken_over_at_once(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert is_held(tmp_path)
        with pytest.raises(HeldError), hold(tmp_path):
            pass
        process.kill()
        process.wait()
        assert free_within(tmp_path, seconds=10) < STALE_SECONDS
        with hold(tmp_path):
            assert is_held(tmp_path)


def test_on_another_host_who_lives_is_left_alone_for_ever_and_the_dead_for_a_while(
    tmp_path: Path,
) -> None:
    with holder(tmp_path, "elsewhere") as process:
        time.sleep(2 * STALE_SECONDS)  # touched all the while
        assert is_held(tmp_path)
        with pytest.raises(HeldError), hold(tmp_path, patience_seconds=0.1):
            pass
        process.kill()
        process.wait()
        assert is_held(tmp_path)  # for all that can be known here
        free_within(tmp_path, seconds=10)
        with hold(tmp_path):
            assert is_held(tmp_path)


def test_who_was_suspended_finds_out_before_it_writes(tmp_path: Path) -> None:
    with holder(tmp_path, "elsewhere") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.send_signal(signal.SIGSTOP)
        free_within(tmp_path, seconds=10)
        with hold(tmp_path) as ours:
            process.send_signal(signal.SIGCONT)
            process.stdin.write("go on\n")
            process.stdin.flush()
            assert "another process has taken it over" in process.stdout.readline()
            process.wait()
            ours.check()  # who gave up has not taken ours along
        assert not is_held(tmp_path)


def test_a_stopped_process_of_this_host_holds_what_it_held(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        time.sleep(2 * STALE_SECONDS)
        assert is_held(tmp_path)


def test_the_clock_is_that_of_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holder(tmp_path, "elsewhere"):
        monkeypatch.setattr(time, "time", lambda: 0.0)
        assert is_held(tmp_path)
        monkeypatch.setattr(time, "time", lambda: 1e12)
        assert is_held(tmp_path)


def test_without_any_locks_the_lease_decides_on_one_host_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, kind: int) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(lock.fcntl, "flock", refuse)
    with hold(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(HeldError), hold(tmp_path):
            pass
    assert not is_held(tmp_path)
    with hold(tmp_path):
        pass


def test_of_two_that_take_over_at_once_one_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host has replaced the stale lease between our look at it and our taking it."""
    lease_of(tmp_path).write_text('{"host": "gone"}')
    os.utime(lease_of(tmp_path), (0, 0))
    living = lease.is_living

    def look(directory: Path, locked: bool) -> bool:
        found = living(directory, locked)
        lease_of(directory).write_text('{"host": "faster"}')
        return found

    with monkeypatch.context() as patched:
        patched.setattr(lease, "is_living", look)
        with pytest.raises(HeldError), hold(tmp_path):
            pass
    assert lease_of(tmp_path).read_text() == '{"host": "faster"}'
    assert is_held(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 3}'])
def test_a_lease_that_was_cut_off_holds_until_it_is_stale(tmp_path: Path, content: str) -> None:
    lock_of(tmp_path).touch()
    lease_of(tmp_path).write_text(content)
    assert is_held(tmp_path)
    os.utime(lease_of(tmp_path), (0, 0))
    assert not is_held(tmp_path)
    with hold(tmp_path):
        pass


def test_a_lease_that_is_gone_is_lost(tmp_path: Path) -> None:
    with hold(tmp_path) as held:
        held.check()
        lease_of(tmp_path).unlink()
        with pytest.raises(LostError):
            held.check()


def test_a_look_leaves_nothing_and_needs_no_right_to_write(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "not there")
    with hold(tmp_path):
        pass
    assert not lease_of(tmp_path).exists()
    assert list(tmp_path.iterdir()) == []
    with holder(tmp_path, "elsewhere"):
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
        before = sorted(tmp_path.iterdir())
        try:
            assert is_held(tmp_path)
            assert sorted(tmp_path.iterdir()) == before
        finally:
            tmp_path.chmod(stat.S_IRWXU)


def test_a_look_is_cheap(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    started = time.perf_counter()
    for _ in range(1000):
        is_held(tmp_path)
    assert time.perf_counter() - started < 1  # 0.02 s where it was measured
