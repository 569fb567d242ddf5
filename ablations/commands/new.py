"""``ablations new``: a study to begin with, and the code that it names, which run as they stand."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template

from ablations.commands.studies import CONFIGS
from ablations.errors import AblationsError
from ablations.files import write_atomically
from ablations.study.frozen import show

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
PLAIN, MODEL, TRAINER, COMMAND = "plain", "model", "trainer", "command"
_CODE = {MODEL: "model.py", TRAINER: "train.py", COMMAND: "program.py"}
"""What a kind has besides its study."""
_TAKEN = ("ablations", "keras", "tensorflow", "numpy", "sklearn", "pandas")
"""Modules that one of this name beside the work would hide."""


def new(name: str, model: str | None, trainer: str | None, program: bool) -> None:
    """Write a study called ``name``, with a model, a trainer or a program of one's own, or none.

    The study goes into ``configs/``, if that is there, the code into the working directory.

    Raises:
        AblationsError: the name cannot be a study's and a module's, or a file is there already;
            nothing is written.
    """
    kinds = [kind for kind, asked in zip(_CODE, (model, trainer, program), strict=True) if asked]
    if len(kinds) > 1:
        raise AblationsError("new: wants one of --model, --trainer and --command at most")
    kind = kinds[0] if kinds else PLAIN
    module = f"{name}_{kind}"
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
        raise AblationsError(
            f"new {show(name)}: wants a name of letters, digits and _, which begins with no digit "
            "and is not that of a library, such as my_study"
        )
    study = (CONFIGS if CONFIGS.is_dir() else Path()) / f"{name}.yaml"
    files = {study: f"{kind}.yaml"}
    if kind in _CODE:
        files[Path(f"{module}.py")] = _CODE[kind]
    for path in files:
        if path.exists() or path.is_symlink():
            raise AblationsError(f"{path}: is there already; wants another name, or it removed")
    for path, template in files.items():
        text = Template((TEMPLATES / f"{template}.template").read_text())
        _write(path, text.substitute(name=name, module=module))
    print("\n".join(_what_next(name, [str(path) for path in files])))


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text)
    except OSError as error:
        raise AblationsError(f"{path}: {error.strerror}") from None


def _what_next(name: str, files: list[str]) -> list[str]:
    """Return the lines that say what was written and how to go on."""
    return [
        f"wrote {' and '.join(files)}; it runs as it stands:",
        f"  ablations plan {name}      # what would be trained",
        f"  ablations run {name}       # train it",
        f"  ablations report {name}    # the verdicts: report/{name}/index.html",
        f"then change {' and '.join(files)} to what you ask",
    ]
