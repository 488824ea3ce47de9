"""The checksum of a range: the same for the same records, however they lie in memory, and for no others."""

import struct
import zlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.pipeline.checksum import checksum, checksum_of

KNOWN = ([0, 1], [b"k", None], [b"value", b""])


def test_checksum_is_that_of_offsets_lengths_keys_and_values():
    numbers = struct.pack("<6q", 0, 1, 1, -1, 5, 0)
    assert checksum_of(*KNOWN) == zlib.crc32(numbers + b"k" + b"value") == 2_598_710_395


@pytest.mark.parametrize(
    "other",
    [
        ([0, 2], [b"k", None], [b"value", b""]),
        ([1, 0], [b"k", None], [b"value", b""]),
        ([0, 1], [b"k", b""], [b"value", b""]),
        ([0, 1], [None, b"k"], [b"value", b""]),
        ([0, 1], [b"k", None], [b"value", None]),
        ([0, 1], [b"k", None], [b"valuf", b""]),
        ([0, 1], [b"k", None], [b"", b"value"]),
        ([0, 1], [b"k", None], [b"valu", b"e"]),
        ([0, 1], [b"kv", None], [b"alue", b""]),
        ([0], [b"k"], [b"value"]),
        ([], [], []),
    ],
)
def test_checksum_tells_moved_and_changed_bytes(other):
    assert checksum_of(*other) != checksum_of(*KNOWN)


RECORDS = st.lists(
    st.tuples(st.integers(0, 2**62), st.none() | st.binary(max_size=3), st.none() | st.binary(max_size=3))
)


@given(RECORDS, RECORDS, RECORDS)
def test_checksum_of_a_part_of_a_table_is_that_of_its_records(before, records, behind):
    columns = [list(column) for column in zip(*before, *records, *behind, strict=True)] or [[], [], []]
    kinds = {"kafka_offset": pa.int64(), "key": pa.binary(), "value": pa.binary()}
    table = pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )
    part = table.slice(len(before), len(records))
    offsets, keys, values = ([record[place] for record in records] for place in range(3))
    assert checksum(part) == checksum_of(offsets, keys, values)
    lengths = [-1 if item is None else len(item) for item in (*keys, *values)]
    numbers = struct.pack(f"<{3 * len(records)}q", *offsets, *lengths)
    content = b"".join(item or b"" for item in (*keys, *values))
    assert checksum(part) == zlib.crc32(numbers + content)
