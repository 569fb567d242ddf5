"""The files of the page, and no others."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css"}


def read_static(name: str) -> tuple[bytes, str] | None:
    """Return the content and the type of a file of the page; None where there is none."""
    path = STATIC / name
    files = {file for file in STATIC.rglob("*") if file.suffix in TYPES}
    if path not in files:
        return None
    return path.read_bytes(), TYPES[path.suffix]
