"""What ``--help`` says of each command."""

from __future__ import annotations

import shlex

import click
import pytest
from click.testing import CliRunner

from ablations.cli import main
from ablations.commands.examples import EXAMPLES

assert isinstance(main, click.Group)


def test_every_command_has_examples() -> None:
    assert isinstance(main, click.Group)
    assert sorted(EXAMPLES) == sorted(main.commands)


@pytest.mark.parametrize("command", sorted(EXAMPLES))
def test_help_shows_the_examples_each_of_which_the_command_takes(command: str) -> None:
    assert isinstance(main, click.Group)
    shown = CliRunner().invoke(main, [command, "--help"]).output
    for example in EXAMPLES[command]:
        assert f"  ablations {example}\n" in shown
        name, *words = shlex.split(example)
        assert name == command
        main.commands[command].make_context(command, words)  # raises where it does not parse
