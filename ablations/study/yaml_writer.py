"""Write plain data as YAML that ``yaml_reader`` reads back unchanged."""

from __future__ import annotations

import math
from typing import Any

import yaml

from ablations.study.yaml_reader import parse_scalar


class _Dumper(yaml.SafeDumper):
    """Quotes each text that would be read as something else: "1e-5" is text, 1e-5 is not."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if isinstance(parse_scalar(value), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
_Dumper.ignore_aliases = lambda self, data: True  # type: ignore[method-assign]


def to_yaml(data: Any) -> str:
    """Return ``data``, made of mappings, lists and scalars, as YAML text in its own order."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def to_yaml_line(data: Any) -> str:
    """Return ``data`` as one line of YAML, as it can stand after a key."""
    line = yaml.dump(
        data,
        Dumper=_Dumper,
        default_flow_style=True,
        width=math.inf,
        sort_keys=False,
        allow_unicode=True,
    )
    return line.strip()
