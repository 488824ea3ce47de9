"""Which schema a record names, and where its datum starts."""

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason as Reason
from proptech_pipelines.contracts.wire import SCHEMA_HEADER, Datums, Framed, frame, split
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES

GUID = uuid.UUID("8b5f2bc3-6f96-4b8f-98eb-5c63de18ba26")
NAMED = (SCHEMA_HEADER, b"\x01" + GUID.bytes)


@pytest.mark.parametrize(
    ("value", "headers", "framed"),
    [
        (b"\0\0\0\0\x07abc", None, Framed(7, 5)),
        (b"\0\xff\xff\xff\xff", [], Framed(2**32 - 1, 5)),
        (None, None, Framed(None, reason=Reason.TOMBSTONE)),
        (None, [NAMED], Framed(None, reason=Reason.TOMBSTONE)),
        (b"", None, Framed(None, reason=Reason.EMPTY_VALUE)),
        (b"", [NAMED], Framed(None, reason=Reason.EMPTY_VALUE)),
        (b"\0", None, Framed(None, reason=Reason.TRUNCATED_PREFIX)),
        (b"\0\0\0\0", None, Framed(None, reason=Reason.TRUNCATED_PREFIX)),
        (b"{", None, Framed(None, reason=Reason.NO_MAGIC_BYTE)),
        (b"\x01" + GUID.bytes, None, Framed(None, reason=Reason.NO_MAGIC_BYTE)),
        (b"abc", [NAMED], Framed(str(GUID), 0)),
        (b"\0\0\0\0\x07abc", [("other", b"x"), NAMED], Framed(str(GUID), 0)),
        (b"abc", [(SCHEMA_HEADER, b"\0\0\0\0\x07")], Framed(7, 0)),
        (b"abc", [(SCHEMA_HEADER, b"\x01abc")], Framed(None, reason=Reason.BAD_SCHEMA_HEADER)),
        (b"abc", [(SCHEMA_HEADER, b"")], Framed(None, reason=Reason.BAD_SCHEMA_HEADER)),
        (b"abc", [(SCHEMA_HEADER, b"\x02" + GUID.bytes)], Framed(None, reason=Reason.BAD_SCHEMA_HEADER)),
        (b"\0\0\0\0\x07", [(SCHEMA_HEADER, None), NAMED], Framed(7, 5)),
        (b"\0\0\0\0\x07", [("__key_schema_id", b"\x01" + GUID.bytes)], Framed(7, 5)),
    ],
)
def test_split_finds_the_schema_in_the_header_first_and_then_in_the_prefix(value, headers, framed):
    assert split(value, headers) == framed
    assert framed_in_a_batch([value, b"\0\0\0\0\x09"], [headers, None]) == [framed, Framed(9, 5)]


def framed_in_a_batch(values, headers):
    """What `frame` makes of each record, in input order."""
    frames = frame(values, headers)
    found = {bad.index: Framed(None, reason=bad.reason) for bad in frames.bad}
    found |= {index: Framed(None, reason=Reason.TOMBSTONE) for index in frames.tombstones.tolist()}
    for key, indices in frames.groups.items():
        assert indices.tolist() == sorted(indices.tolist())
        for index in indices.tolist():
            found[index] = Framed(key, len(values[index]) - len(frames.datums[index]))
            assert values[index].endswith(frames.datums[index])
    assert [bad.index for bad in frames.bad] == sorted(bad.index for bad in frames.bad)
    assert frames.schema_keys == {framed.schema for framed in found.values()} - {None}
    return [found[index] for index in range(len(values))]


VALUES = st.one_of(
    st.none(),
    st.binary(max_size=8),
    st.builds(lambda key, rest: b"\0\0\0\0" + bytes([key]) + rest, st.integers(1, 3), st.binary(max_size=5)),
)
HEADERS = st.sampled_from(
    [None, None, [], [("x", b"y")], [NAMED], [(SCHEMA_HEADER, b"\0\0\0\0\x02")], [(SCHEMA_HEADER, b"?")]]
)


@EXAMPLES
@given(st.lists(st.tuples(VALUES, HEADERS), max_size=12))
def test_a_batch_is_framed_as_each_of_its_records_alone(records):
    values, headers = [value for value, _ in records], [row for _, row in records]
    assert framed_in_a_batch(values, headers) == [split(value, row) for value, row in records]


def test_datums_share_one_buffer_with_room_for_wide_reads():
    datums = Datums.of([b"ab", None, b"c"])
    assert [datums[index] for index in range(len(datums))] == [b"ab", b"", b"c"]
    assert len(datums.buffer) >= int(datums.end[-1]) + 16
    assert datums.take(np.array([2]))[0] == b"c"
