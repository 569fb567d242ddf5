"""What stands below the help of each command: how it is called, in an example or two."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "check": ("check quick", "check mine --against report/mine"),
    "clean": ("clean quick", "clean --yes"),
    "doctor": ("doctor", "doctor --runs /shared/runs"),
    "import": (
        "import results.csv --study mine --control base --metric accuracy --better higher "
        "--margin 0.01",
        "import logs --study mine --control base --metric eval/loss --better lower --margin 0.1 "
        "--pattern '{arm}/run{seed}'",
    ),
    "list": ("list",),
    "new": ("new mine", "new mine --model python"),
    "plan": ("plan quick", "plan quick --set training.epochs=1"),
    "report": ("report quick", "report quick --paper --columns mean,effect,interval"),
    "run": ("run quick --workers 2", "run quick --arm he --seed 0 --set training.epochs=1"),
    "status": ("status", "status quick"),
    "techniques": ("techniques", "techniques adam"),
    "tensorboard": ("tensorboard quick", "tensorboard --port 6007"),
}


def examples_of(command: str) -> str:
    """Return the examples of a command as Click shows them, unbroken."""
    lines = [f"  ablations {line}" for line in EXAMPLES.get(command, ())]
    return "\n".join(["\b", "Examples:", *lines])
