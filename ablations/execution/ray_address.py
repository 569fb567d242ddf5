"""The address of a Ray cluster: where one is meant, and whether anything listens there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from ablations.errors import AblationsError

CONNECTING_SECONDS = 5.0


def check_reachable(address: str) -> None:
    """Refuse an address where nothing listens, which Ray itself tries for minutes."""
    meant = _started_last() if address == "auto" else address
    host, colon, port = meant.rpartition(":")
    try:
        if colon:
            socket.create_connection((host, int(port)), CONNECTING_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        where = f"{meant}: " if meant != address else ""
        raise AblationsError(f"--address {address}: {where}{error}; wants a Ray head's") from None


def token_hint() -> str:
    """Return what to set for a cluster that asks for a token, where there is one to show."""
    token = os.environ.get("RAY_AUTH_TOKEN_PATH", Path.home() / ".ray" / "auth_token")
    if "RAY_AUTH_MODE" in os.environ or not Path(token).is_file():
        return ""
    return "; wants RAY_AUTH_MODE=token if it asks for a token, as its ray start said"


def _started_last() -> str:
    """Return the address that Ray takes for ``auto``; empty where nothing names one."""
    noted = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
    try:
        return os.environ.get("RAY_ADDRESS") or noted.read_text().strip()
    except OSError:
        return ""
