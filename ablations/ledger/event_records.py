"""The records of an event file: one event each, with checksums; read and written here alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import google_crc32c
from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event

HEADER, FOOTER = struct.Struct("<QI"), struct.Struct("<I")
MOST_RECORD_BYTES = 256 * 1024**2
CRC_MASK = 0xA282EAD8  # the TFRecord format stores rotated checksums plus this constant


class DamagedError(Exception):
    """A record is torn, or its bytes are not those that were written."""


def record(content: bytes) -> bytes:
    """Return a TFRecord: length, its checksum, content, its checksum; little-endian.

    TensorBoard's own writer computes its checksums in Python: 6 ms for 20 kB, longer than an
    epoch.
    """
    length = struct.pack("<Q", len(content))
    return length + masked_checksum(length) + content + masked_checksum(content)


def masked_checksum(content: bytes) -> bytes:
    """Return the masked CRC-32C that the TFRecord format asks for."""
    checksum = google_crc32c.value(content)
    rotated = (checksum >> 15) | (checksum << 17)
    return struct.pack("<I", (rotated + CRC_MASK) & 0xFFFFFFFF)


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a file, in order.

    Raises:
        DamagedError: the rest of the file cannot be trusted.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        while header := stream.read(HEADER.size):
            try:
                length, checksum = HEADER.unpack(header)
                if masked_checksum(header[: -FOOTER.size]) != FOOTER.pack(checksum):
                    raise DamagedError("a record's length is damaged")
                if length > MOST_RECORD_BYTES:
                    raise DamagedError(f"a record of {length} bytes; wants {MOST_RECORD_BYTES}")
                content = stream.read(length)
                if masked_checksum(content) != stream.read(FOOTER.size):
                    raise DamagedError("a record is torn or damaged")
                yield Event.FromString(content)
            except (struct.error, DecodeError):
                raise DamagedError("its end is torn, or it is no event file") from None
