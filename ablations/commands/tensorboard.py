"""``ablations tensorboard``: become TensorBoard, after printing links that open useful views."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from ablations.commands import server, studies
from ablations.commands.dashboards import Shown, views
from ablations.errors import AblationsError
from ablations.ledger.paths import RunsDirectory

SAMPLES = "scalars=100000,histograms=1000"  # 0 would empty the Time Series dashboard
LOCALHOST = "localhost"


def tensorboard(
    study: str | None,
    sets: tuple[str, ...],
    runs: Path,
    port: int,
    host: str = LOCALHOST,
    opens: bool = False,
) -> NoReturn:
    """Print links, then replace this process by TensorBoard's: whatever ends it, ends the server.

    It answers this machine alone unless ``host`` names another interface.  With ``opens`` the
    first link is opened in the browser once the server answers.

    Raises:
        AblationsError: there are no runs, the port is taken, or ``sets`` are given without a study.
    """
    overrides = studies.overrides_of(study, sets)
    loaded = () if study is None else studies.load_kept(study, overrides, runs)
    logdir = RunsDirectory(runs).study(loaded[0].study) if len(loaded) == 1 else runs
    if not logdir.is_dir():
        raise AblationsError(
            f"{logdir}: no runs yet; wants `ablations run {study or 'STUDY'}` first"
        )
    _check_port(host, port)
    links = [
        (title, f"http://{_named(host)}:{port}/{view}")
        for title, view in views(Shown(logdir, tuple(each.study for each in loaded)))
    ]
    width = max(len(title) for title, _ in links)
    for title, link in links:
        print(f"{title:{width}}  {link}")
    print("They open once TensorBoard, which is starting, says below that it is there.")
    sys.stdout.flush()
    if opens:
        _open_later(links[0][1])
    command = [sys.executable, "-m", server.__name__, "--logdir", str(logdir)]
    command += ["--host", host, "--port", str(port), "--samples_per_plugin", SAMPLES]
    os.execv(sys.executable, command)


def _check_port(host: str, port: int) -> None:
    """See that TensorBoard can listen, before anything is said of it.

    Raises:
        AblationsError: another program listens there.  What else hinders it, it says itself.
    """
    with contextlib.suppress(socket.gaierror):
        for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError as error:
                    if error.errno == errno.EADDRINUSE:
                        raise AblationsError(
                            f"--port {port}: another program listens there; wants another, such "
                            f"as --port {port + 1}, or that one ended"
                        ) from None


def _named(host: str) -> str:
    """Return what a link calls the host: this machine where it listens on all interfaces."""
    if host in ("0.0.0.0", "::"):
        return LOCALHOST
    return f"[{host}]" if ":" in host else host


def _open_later(link: str) -> None:
    """Open a link in the browser once something answers there, while this process lives."""
    command = [sys.executable, "-c", _OPEN, link, str(os.getpid())]
    subprocess.Popen(command, stdin=subprocess.DEVNULL)


_OPEN = """
import os, sys, time, urllib.request, webbrowser
link, parent = sys.argv[1], int(sys.argv[2])
address = link.partition("#")[0].partition("?")[0]
while os.getppid() == parent:
    try:
        with urllib.request.urlopen(address, timeout=5):
            webbrowser.open(link)
            break
    except OSError:
        time.sleep(0.2)
"""
