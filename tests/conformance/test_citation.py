"""``CITATION.cff`` is valid, and of this version."""

from __future__ import annotations

from typing import Any

import yaml

import ablations
from tests.support.documents import ROOT

TEXT = (ROOT / "CITATION.cff").read_text()
CFF: dict[str, Any] = yaml.safe_load(TEXT)
REQUIRED = {"cff-version", "message", "title", "authors"}
KNOWN = REQUIRED | {"abstract", "type", "version", "license", "keywords"}
"""Of the keys of the Citation File Format 1.2.0, those that say something of this software."""


def test_it_has_what_the_format_wants_and_knows() -> None:
    assert REQUIRED <= CFF.keys() <= KNOWN
    assert (CFF["cff-version"], CFF["type"]) == ("1.2.0", "software")
    texts = [CFF[key] for key in ("message", "title", "abstract")]
    assert all(isinstance(text, str) and text for text in texts)
    assert CFF["authors"] == [{"name": "The ablations developers"}]  # an entity
    assert len(set(CFF["keywords"])) == len(CFF["keywords"])


def test_version_and_licence_are_those_of_the_package() -> None:
    assert CFF["version"] == ablations.__version__
    assert (ROOT / "LICENSE").read_text().startswith(f"{CFF['license']} License")


def test_it_names_no_address() -> None:
    assert "://" not in TEXT
