"""``ablations doctor``: what this machine offers to a training, and what it lacks."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.table import Table
from rich.text import Text

from ablations import __version__
from ablations.analysis.show.formats import plural
from ablations.commands.console import console_of_output
from ablations.data.catalog import DATA_SETS
from ablations.errors import AblationsError
from ablations.execution import devices, storage
from ablations.execution.devices import VISIBLE
from ablations.execution.options import Options

LEAST_FREE_BYTES = 100e6
LEAST_FREE_INODES = 1000
BROWSERS = ("chromium", "chromium-browser")

STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; nothing can be trained where it is wrong."""

    what: str
    says: str
    state: State = "ok"


def doctor(options: Options) -> int:
    """Print what was found; return 0 where studies can be trained here, else 1."""
    findings = [
        Finding("Python", f"{platform.python_version()} on {platform.platform()}"),
        Finding("ablations", __version__),
        *_tensorflow(),
        *_data(options.data_directory),
        *_runs(options.runs),
        *_optional(),
    ]
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row(
            Text(finding.state, style=STYLES[finding.state]), Text(finding.what), Text(finding.says)
        )
    console_of_output().print(table)
    wrong = [finding.what for finding in findings if finding.state == "wrong"]
    print(f"nothing can be trained here: {', '.join(wrong)}" if wrong else "ready to train")
    return 1 if wrong else 0


def _tensorflow() -> Iterator[Finding]:
    """Yield versions, processors and GPUs, as a worker will find them."""
    try:
        survey = devices.survey()
    except AblationsError as error:
        yield Finding("TensorFlow", str(error), "wrong")
        return
    of = survey.environment
    yield Finding("TensorFlow", f"{of['tensorflow']}, imported in {survey.seconds:.1f} s")
    yield Finding("Keras, NumPy", f"{of['keras']}, {of['numpy']}")
    cores, threads = devices.usable_cores(), of["intra_op_threads"]
    usable = f"{cores} of {os.cpu_count()} may be used"
    yield Finding("cores", f"{usable}; a worker computes with {plural(threads, 'thread')}")
    listed, seen = devices.listed_gpus(), survey.gpus
    if seen:
        fewer = len(seen) < len(listed)
        says = f"TensorFlow uses {', '.join(seen)}; nvidia-smi lists {len(listed)}"
        yield Finding("GPUs", says, "note" if fewer else "ok")
    elif listed or devices.visible_gpus():
        there = f"nvidia-smi lists {', '.join(listed)}" if listed else f"${VISIBLE} names some"
        yield Finding("GPUs", f"{there}, TensorFlow uses none: {survey.why_no_gpu}", "note")
    else:
        yield Finding("GPUs", "none; training uses the cores")


def _data(directory: Path | None) -> Iterator[Finding]:
    """Yield where each data set is, or what to put where."""
    for name, source in DATA_SETS.items():
        if ":" in name:  # a form of a user's own
            continue
        copy = source.find(name, directory)
        if copy is not None:
            yield Finding(f"data: {name}", str(copy.files[0].parent))
            continue
        missing = str(source.missing(name, directory)).removeprefix(f"data set {name}: ")
        later = "; else the first run downloads it" if source.downloads else ""
        yield Finding(f"data: {name}", f"{missing}{later}", "note")


def _runs(directory: Path) -> Iterator[Finding]:
    """Yield what the disk below the runs directory can do."""
    try:
        found = storage.examine(directory)
    except AblationsError as error:
        yield Finding("runs", str(error), "wrong")
        return
    made = "" if found.existing == directory.absolute() else ", which the first run makes"
    yield Finding("runs", f"{directory}/ can be written{made}")
    space = f"{found.free_bytes / 1e9:,.1f} GB free"
    files = "" if found.free_inodes is None else f", room for {found.free_inodes:,} files"
    full = found.free_bytes < LEAST_FREE_BYTES or (
        found.free_inodes is not None and found.free_inodes < LEAST_FREE_INODES
    )
    wanted = f"; wants {LEAST_FREE_BYTES / 1e6:.0f} MB and {LEAST_FREE_INODES:,} files"
    yield Finding("disk", f"{space}{files}{wanted if full else ''}", "wrong" if full else "ok")
    where = f"on {found.file_system or 'a file system of unknown type'}"
    if not found.locks:
        yield Finding("locks", f"do not work {where}; wants another --runs", "wrong")
    elif found.on_network:
        shared = "a network file system: let one machine at a time train a study there"
        yield Finding("locks", f"work {where}, {shared}", "note")
    else:
        yield Finding("locks", f"work {where}")


def _optional() -> Iterator[Finding]:
    """Yield what some commands and tests use, and training does not need."""
    ray = _version("ray")
    yield Finding("Ray", ray or "not installed; --executor ray alone needs it")
    browser = next(filter(shutil.which, BROWSERS), None)
    yield Finding("browser", browser or "not installed; some tests alone need it")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
