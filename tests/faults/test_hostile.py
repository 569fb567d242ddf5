"""Hostile inputs: each is read or refused in clear lines, at once, in little memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.analysis.read.collect import collect
from ablations.commands import studies
from ablations.data import catalog
from ablations.errors import AblationsError, shortened
from ablations.execution.catalog import CATALOG
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import append_epoch
from ablations.ledger.table import read_table
from ablations.study.load import load_studies
from tests.support.synthetic_runs import SyntheticStudy

INPUTS = 1_500 if os.environ.get("ABLATIONS_FAULT_CYCLES") else 50
"""Of each of seven kinds; `make faults` asks for 10,500 in all."""
MOST_SECONDS = 1.0
MOST_BYTES = 500 * 1024**2
CONFIGS = Path(__file__).parents[2] / "configs"

SNIPPETS = [
    *(b"9" * 25, b"1e999", b"-1", b".nan", b"1" + b"0" * 400, b"0x7f", b"null", b"~", b"true"),
    *(
        b"[" * 200,
        b"{" * 50,
        b"}",
        b"]",
        b": ",
        b"- ",
        b"&a ",
        b"*a",
        b"!!python/object:os.system ",
    ),
    *(b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xc2\x9b31m", "\u202e".encode(), b"\r", b"\t", b"\n\n"),
    *(b"../../x", b"/dev/zero", b"a" * 300, b"<<", b"'", b'"', b"#", b"|", b">", b"%", b"@", b"`"),
    *(b"{depth: 1000000000, width: 9}", b"[1000000000, 1000000000]", b"1000000000", b"python:os.x"),
    *(b'{"a":' * 60, b"e308", b"Infinity", b"NaN", b'"\\ud800"', b",", b"-0", b"1_000", b"1:60"),
]


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with some of it cut, doubled, flipped or replaced."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        size = max(len(changed), 1)
        at, length = int(rng.integers(size)), int(rng.integers(1, 40))
        match rng.integers(6):
            case 0:
                changed[at : at + length] = SNIPPETS[int(rng.integers(len(SNIPPETS)))]
            case 1:
                changed[at:at] = SNIPPETS[int(rng.integers(len(SNIPPETS)))]
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + 20 * length]
            case 4 if changed:
                changed[at % len(changed)] ^= 1 << int(rng.integers(8))
            case 5:
                changed[at:] = changed[at : int(rng.integers(at, size + 1))]
    return bytes(changed)


Kind = Callable[[Path, np.random.Generator], Callable[[], object]]
"""Prepares one input; what it returns reads it as a command would."""


def study_file(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    files = sorted(CONFIGS.glob("*.yaml"))
    path = place / "study.yaml"
    path.write_bytes(mutated(files[int(rng.integers(len(files)))].read_bytes(), rng))
    return lambda: load_studies(path, CATALOG)


SETS = [
    "training.epochs=3",
    "model.hidden={depth: 4, width: 10}",
    "training.optimizer={name: adam, learning_rate: 0.01}",
    "data.name=digits",
    "model.activation=relu",
]


def set_option(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    word = mutated(SETS[int(rng.integers(len(SETS)))].encode(), rng)
    text = os.fsdecode(word)  # as a shell's words reach Python
    quick = str(CONFIGS / "quick.yaml")
    return lambda: studies.load(quick, studies.parse_overrides([text]))


def study_name(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    name = os.fsdecode(mutated(b"quick+training.epochs=1", rng).replace(b"\0", b""))
    return lambda: studies.load(name)


def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {"x": rng.random((40, 6)).astype(np.float32), "y": np.arange(40) % 3}


def data(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    buffer, kind = io.BytesIO(), ("npz", "csv", "idx")[int(rng.integers(3))]
    if kind == "npz":
        np.savez(buffer, **arrays())
        (place / "data.npz").write_bytes(mutated(buffer.getvalue(), rng))
        return lambda: catalog.read(f"npz:{place / 'data.npz'}", None)
    if kind == "csv":
        pairs = zip(*arrays().values(), strict=True)
        lines = [",".join(map(str, [*row, label])) for row, label in pairs]
        (place / "data.csv").write_bytes(mutated("\n".join(lines).encode(), rng))
        return lambda: catalog.read(f"csv:{place / 'data.csv'}", None)
    directory = place / "mnist"
    directory.mkdir(exist_ok=True)
    header = struct.pack(">BBBBIII", 0, 0, 8, 3, 50, 28, 28)
    for part, count in (("train", 50), ("t10k", 50)):
        images = gzip.compress(header + bytes(count * 784)) if part == "train" else header
        (directory / f"{part}-images-idx3-ubyte.gz").write_bytes(mutated(images, rng))
        labels = struct.pack(">BBBBI", 0, 0, 8, 1, count) + bytes(count)
        (directory / f"{part}-labels-idx1-ubyte.gz").write_bytes(mutated(labels, rng))
    return lambda: catalog.read("mnist", place)


def runs(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    """A study's runs with one of their files changed, collected as for a report."""
    root = place / "runs"
    if not root.exists():
        study = load_studies(CONFIGS / "clipping.yaml", CATALOG)[0]
        synthetic = SyntheticStudy(root, study)
        synthetic.write_record()
        for arm in study.arm_names[:2]:
            synthetic.add(arm, 0)
    name = "clipping"
    arm = sorted(path.name for path in (root / name).iterdir() if path.is_dir())[0]
    run = RunsDirectory(root).run(name, arm, 0)
    files = [run.result, run.metrics, RunsDirectory(root).record(name)]
    kept = {path: path.with_suffix(".kept") for path in files}
    for path, copy in kept.items():
        if not copy.exists():
            copy.write_bytes(path.read_bytes())
        path.write_bytes(copy.read_bytes())
    changed = files[int(rng.integers(len(files)))]
    content = changed.read_bytes()
    if changed == run.result:  # as if someone had written it: with no checksum
        whole = json.loads(content)
        whole.pop("checksum", None)
        content = json.dumps(whole).encode()
    changed.write_bytes(mutated(content, rng))

    def read() -> object:
        collected = collect(root, name)
        return [each.history() for each in collected.runs], [e.correct() for e in collected.runs]

    return read


def checkpoint(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    from ablations.ledger.records import CheckpointHeader, read_checkpoint_header
    from ablations.training.checkpoint import UnusableError, load, save

    path = place / "resume.npz"
    header = CheckpointHeader(fingerprint="f", epochs=2, progress={"epochs": 2}, files={})
    save(path, arrays(), header)
    path.write_bytes(mutated(path.read_bytes(), rng))

    def read() -> object:
        header = read_checkpoint_header(path)
        try:
            return header, load(path, of_suite=bool(rng.integers(2)))
        except UnusableError as error:
            raise AblationsError(str(error)) from None

    return read


def table(place: Path, rng: np.random.Generator) -> Callable[[], object]:
    rows = [f"{arm},{seed},completed,{0.5 + seed / 10}" for arm in "ab" for seed in range(4)]
    path = place / "table.csv"
    path.write_bytes(mutated("\n".join(["arm,seed,status,error", *rows]).encode(), rng))
    return lambda: read_table(path, "error", ())


KINDS: list[Kind] = [study_file, set_option, study_name, data, runs, checkpoint, table]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_hostile_inputs_are_read_or_refused_in_clear_lines(
    kind: Kind, tmp_path: Path, show: Callable[[str], None]
) -> None:
    append_epoch(tmp_path / "warm", {"epoch": 1})  # what is imported late is not the input's
    rng = np.random.default_rng(len(kind.__name__))
    kind(tmp_path, rng)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracebacks, unclear, slow, refused = [], [], [], 0
    for number in range(INPUTS):
        read = kind(tmp_path, rng)
        began = time.process_time()
        try:
            read()
        except AblationsError as error:
            refused += 1
            lines = [shortened(line) for line in str(error).split("\n")]
            unclear += [line for line in lines if not line.strip() or "object at 0x" in line]
        except Exception as error:
            tracebacks.append(f"{number}: {type(error).__name__}: {error}"[:300])
        if number and time.process_time() - began > MOST_SECONDS:
            slow.append(number)
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    show(
        f"hostile {kind.__name__}: {INPUTS} inputs, {refused} refused, tracebacks "
        f"{len(tracebacks)}, over {MOST_SECONDS:g} s {len(slow)}, {grown / 1e6:.0f} MB more"
    )
    assert tracebacks == []
    assert unclear == []
    assert slow == []
    assert grown < MOST_BYTES
    assert refused > 0
