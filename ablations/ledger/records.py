"""What a run leaves on disk for others to read: result, metrics, and how far it has come.

Training writes them, analysis reads them; both meet here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ablations.errors import printable
from ablations.files import read_bounded, write_atomically
from ablations.ledger.lines import MOST_HISTORY_BYTES, append_line, read_lines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCHEMA_VERSION = 1
MOST_RESULT_BYTES = 10_000_000
MOST_METRIC = 1e100
"""Of a metric's size: beyond, no figure has an axis."""
Status = Literal["completed", "diverged", "failed"]


class StageRecord(BaseModel):
    """One stage of a run."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: str
    epochs: int = 0
    updates: int = 0
    seconds: float = 0.0
    """Time of its steps."""
    losses: Mapping[str, float] = {}
    """``train`` and ``validation`` after its last epoch, of what it minimizes; finite ones."""


class Result(BaseModel):
    """``result.json``: written once, atomically, last."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, allow_inf_nan=False
    )

    schema_version: int = Field(SCHEMA_VERSION, alias="schema")
    study: str
    arm: str
    trial: str = ""
    """The trial of the arm's search that the run belongs to; empty in the comparison."""
    seed: int
    status: Status
    reason: Annotated[str, AfterValidator(printable)] = ""
    """Why the run diverged or failed; empty when it completed."""
    notes: tuple[str, ...] = ()
    """What a reader should know of how the run came about: where it was continued."""
    fingerprint: str
    data_digest: str = ""
    made_of: Mapping[str, str] = {}
    """The user's own files that the run was made of, as they were when it began: path from the
    working directory → start of the SHA-256, or ``EDITED``."""
    wrote: tuple[str, ...] = ()
    """Files outside the run's directory that were written while it trained."""
    metrics: Mapping[str, Annotated[float, Field(ge=-MOST_METRIC, le=MOST_METRIC)]] = {}
    """Flat name → finite number; a diverged run holds those it reached."""
    test_examples: int = 0
    """How many test examples ``correct.bin`` tells of; 0 where there is none, as of 0.3.0."""
    weights_digest: str = ""
    """SHA-256 of the trainable weights at the end of a run that this package trained itself; empty
    elsewhere, and in results of before 0.7."""
    stages: tuple[StageRecord, ...] = ()
    """What was trained one after another; ``epochs`` and ``updates`` count all of it."""
    epochs: int = 0
    best_epoch: int | None = None
    """The epoch, from 1, whose weights were tested under early stopping, else the one with the best
    validation accuracy."""
    updates: int = 0
    parameters: int = 0
    seconds: Mapping[str, float] = {}
    """``compile``, ``train``, ``total``."""
    environment: Mapping[str, Any] = {}
    started_at: str = ""
    finished_at: str = ""

    def value(self, metric: str) -> float | None:
        """Return one metric of the run; None where it has none, or none that is finite."""
        if metric == "train_seconds":
            return self.metrics.get(metric, self.seconds.get("train"))
        return self.metrics.get(metric)

    def write(self, path: Path) -> None:
        """Write the result atomically."""
        data = self.model_dump(by_alias=True)
        content = json.dumps({**data, CHECKSUM: checksum(data)}, indent=2, allow_nan=False)
        write_atomically(path, content + "\n")


CHECKSUM = "checksum"
FIRST_WITH_CHECKSUM = (0, 5)
"""The version of this package from which on every result carries one."""


def checksum(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a JSON object without its own checksum, however it is laid out."""
    content = {key: value for key, value in data.items() if key != CHECKSUM}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class UnreadableResultError(Exception):
    """A ``result.json`` that is torn, damaged, foreign or of another format version."""


def read_result(path: Path) -> Result:
    """Read one result.

    Raises:
        UnreadableResultError: with the reason in a line.
    """
    try:
        data = json.loads(read_bounded(path, MOST_RESULT_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableResultError(f"not readable: {error}") from None
    if isinstance(data, dict) and data.get("schema") != SCHEMA_VERSION:
        raise UnreadableResultError(f"format version {data.get('schema')}; wants {SCHEMA_VERSION}")
    if isinstance(data, dict) and not _is_whole(data):
        raise UnreadableResultError("damaged: its checksum is not that of its content")
    try:
        return Result.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableResultError(f"not a result: {where}: {first['msg']}") from None


def _is_whole(data: Mapping[str, Any]) -> bool:
    """Whether a result is as it was written; before 0.5 and elsewhere none has a checksum."""
    if CHECKSUM in data:
        try:
            return bool(data[CHECKSUM] == checksum(data))
        except ValueError:  # NaN and the like, which is never written
            return False
    environment = data.get("environment")
    version = str(environment.get("ablations")) if isinstance(environment, dict) else ""
    numbers = re.match(r"(\d{1,3})\.(\d{1,3})\b", version)
    return numbers is None or (int(numbers[1]), int(numbers[2])) < FIRST_WITH_CHECKSUM


def digest_of_weights(weights: Iterable[NDArray[Any]]) -> str:
    """Return the SHA-256 of arrays, in order: their shapes, types and bytes."""
    total = hashlib.sha256()
    for array in weights:
        total.update(f"{array.shape} {array.dtype};".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def write_correct(path: Path, correct: NDArray[np.bool_]) -> None:
    """Write which of the N test examples were classified correctly, one bit each."""
    import numpy as np

    write_atomically(path, np.packbits(correct).tobytes())


def read_correct(path: Path, result: Result) -> NDArray[np.bool_] | None:
    """Return which of the N test examples a completed run classified correctly, booleans [N].

    None where that is not recorded, or where the file is not of this result: its share of correct
    ones is not the test accuracy.
    """
    import numpy as np

    if result.status != "completed" or not result.test_examples:
        return None
    try:
        packed = np.frombuffer(read_bounded(path, MOST_HISTORY_BYTES), np.uint8)
    except OSError:
        return None
    if len(packed) != -(-result.test_examples // 8):
        return None
    correct = np.unpackbits(packed, count=result.test_examples).astype(np.bool_)
    share = int(correct.sum()) / result.test_examples
    return correct if share == result.metrics.get("test_accuracy") else None


Epoch = Mapping[str, float | None]
"""One line of ``metrics.jsonl``: ``epoch`` (from 1), ``updates`` and the epoch's metrics.

A number that is not finite is None (null in the file).
"""


def append_epoch(path: Path, epoch: Mapping[str, float]) -> None:
    """Append one epoch and the checksum of its line; a crash can tear the last line only."""
    append_line(path, epoch)


def read_history(path: Path) -> list[Epoch]:
    """Return the epochs in ``path`` up to the first that is torn or damaged; none without a file.

    Lines of before 0.5, and those of other programs, have no checksum.
    """
    return list(read_lines(path).epochs)


HEADER_MEMBER = "place.json"
"""The member of a checkpoint that says where the run stands, readable without its arrays."""


class FileState(BaseModel):
    """A file that grows, as it was at some time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    length: Annotated[int, Field(ge=0)]
    """In bytes."""
    sha256: str
    """Of those bytes."""


class CheckpointHeader(BaseModel):
    """Where a run stands at the end of an epoch, apart from its variables."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, ser_json_inf_nan="constants"
    )

    schema_version: int = Field(SCHEMA_VERSION, alias="schema")
    fingerprint: str
    epochs: int
    """Epochs done."""
    progress: Mapping[str, Any]
    """What else the training knows of the epochs so far, as plain data."""
    files: Mapping[str, FileState]
    """Name of a file that grows with the epochs → what it was then."""


def read_checkpoint_header(path: Path) -> CheckpointHeader | None:
    """Return where a run stands by its checkpoint; None if there is none that can be read."""
    try:
        if not path.is_file():  # a pipe could be read for ever
            return None
        with zipfile.ZipFile(path) as archive:
            header = CheckpointHeader.model_validate_json(archive.read(HEADER_MEMBER))
    except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None
    return header if header.schema_version == SCHEMA_VERSION else None
