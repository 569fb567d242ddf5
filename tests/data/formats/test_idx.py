"""The IDX reader on files that the test writes, whole and hurt."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ablations.data.formats import BYTE_BUDGET
from ablations.data.formats.idx import read_idx
from ablations.errors import DataError
from tests.support.idx import idx_bytes

SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def refusal(path):
    with pytest.raises(DataError) as caught:
        read_idx(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


@SAME_FOLDER
@given(
    array=arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4, min_side=0, max_side=6)),
    zipped=st.booleans(),
)
def test_what_was_written_is_read(tmp_path, array, zipped):
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if zipped else idx_bytes(array))
    got = read_idx(path)
    assert got.shape == array.shape
    assert np.array_equal(got, array)


@SAME_FOLDER
@given(content=st.binary(max_size=60) | st.binary(max_size=60).map(lambda b: b"\0\0\x08" + b))
def test_any_bytes_are_read_or_refused_in_a_line(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    message = ""
    try:
        read_idx(path)
    except DataError as error:
        message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize("zipped", [False, True])
def test_a_torn_file_is_refused(tmp_path, zipped):
    whole = idx_bytes(np.arange(200, dtype=np.uint8).reshape(10, 20))
    whole = gzip.compress(whole) if zipped else whole
    path = tmp_path / "images"
    path.write_bytes(whole[: len(whole) // 2])
    assert "torn" in refusal(path) if zipped else "holds only" in refusal(path)


def test_a_header_cut_short_is_refused(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(b"\0\0\x08\x03\0\0\0\x01")
    refusal(path)


def test_more_data_than_declared_is_refused(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(idx_bytes(np.zeros(5, np.uint8)) + b"x")
    assert refusal(path) == "declares 5 bytes of data and holds more"


@pytest.mark.parametrize("content", [b"", b"PK\3\4aaaa", b"\0\0\x0d\1\0\0\0\1a", b"\0\0\x08\0"])
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / "images"
    path.write_bytes(content)
    assert refusal(path).startswith("not an IDX file of unsigned bytes")


def test_a_header_that_declares_too_much_is_refused_before_anything_is_read(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31))
    assert refusal(path) == f"declares {2**93} bytes; the budget is {BYTE_BUDGET}"


def test_a_gzip_that_unpacks_to_more_than_declared_is_not_unpacked(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros(3, np.uint8)) + bytes(50_000_000)))
    assert refusal(path) == "declares 3 bytes of data and holds more"


def test_more_dimensions_than_an_array_can_have_are_refused(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(b"\0\0\x08\x50" + struct.pack(">80I", *[1] * 80) + b"x")
    assert refusal(path) == "declares 80 dimensions; at most 8"


def test_a_missing_file_is_refused(tmp_path):
    refusal(tmp_path / "nothing")
