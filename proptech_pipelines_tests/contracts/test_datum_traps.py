"""Every known way to mislead an Avro reader: each is one reason, on both ways, beside healthy neighbours."""

import json

import numpy as np
import pytest

from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.batch_codec import decode_batch
from proptech_pipelines.contracts.careful_codec import decode_each
from proptech_pipelines.contracts.datum_check import BrokenDatum, DatumCheck
from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason as Reason
from proptech_pipelines.contracts.wire import Datums

ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}
STRINGS = {"type": "array", "items": "string"}
MAX32, MIN32, MAX64, MIN64 = 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)


def both_ways(kind, payloads):
    text = json.dumps({"type": "record", "name": "R", "fields": [{"name": "f", "type": kind}]})
    writer, datums = parse_record_schema(text), Datums.of(payloads)
    return decode_batch(writer, datums), decode_each(writer, datums, np.arange(len(payloads)))


GOOD = {
    "boolean": b"\1",
    "int": b"\2",
    "long": b"\2",
    "string": b"\2a",
    "bytes": b"\2a",
    "float": b"\0\0\0\0",
    "double": bytes(8),
}


def good(kind):
    if isinstance(kind, list):
        return b"\0" if kind[0] == "null" else b"\2"
    return b"\0" if isinstance(kind, dict) else GOOD[kind]


@pytest.mark.parametrize(
    ("kind", "datum", "reason"),
    [
        ("boolean", b"\2", Reason.INVALID_BOOLEAN),
        ("boolean", b"\xff", Reason.INVALID_BOOLEAN),
        ("boolean", b"", Reason.TRUNCATED),
        ("int", b"\xff\xff\xff\xff\x10", Reason.INT_OUT_OF_RANGE),
        ("int", b"\xff\xff\xff\xff\x7f", Reason.INT_OUT_OF_RANGE),
        ("int", b"\x80\x80\x80\x80\x80\x00", Reason.INT_OUT_OF_RANGE),
        ("int", b"\x80", Reason.TRUNCATED),
        ("int", b"\x80\x80\x80\x80", Reason.TRUNCATED),
        ("long", b"\xff" * 9 + b"\x02", Reason.LONG_OUT_OF_RANGE),
        ("long", b"\x80" * 10 + b"\x00", Reason.LONG_OUT_OF_RANGE),
        ("long", b"\xff" * 8, Reason.TRUNCATED),
        ("long", b"\xff" * 9, Reason.TRUNCATED),
        ("long", b"\2\0", Reason.TRAILING_BYTES),
        ("string", b"\2\xff", Reason.INVALID_UTF8),
        ("string", b"\4\xc0\x80", Reason.INVALID_UTF8),
        ("string", b"\6\xed\xa0\x80", Reason.INVALID_UTF8),
        ("string", b"\1", Reason.NEGATIVE_LENGTH),
        ("string", b"\4a", Reason.TRUNCATED),
        ("string", b"\xff" * 9 + b"\x01", Reason.NEGATIVE_LENGTH),
        ("string", b"\xfe" + b"\xff" * 8 + b"\x01", Reason.TRUNCATED),
        ("bytes", b"\x80\x80\x80\x80\x80\x80\x40", Reason.TRUNCATED),
        ("float", bytes(3), Reason.TRUNCATED),
        ("double", bytes(9), Reason.TRAILING_BYTES),
        (ENUM, b"\6", Reason.ENUM_OUT_OF_RANGE),
        (ENUM, b"\1", Reason.ENUM_OUT_OF_RANGE),
        (ENUM, b"\xfe\xff\xff\xff\x0f", Reason.ENUM_OUT_OF_RANGE),
        (ENUM, b"\x80\x80\x80\x80\x20", Reason.INT_OUT_OF_RANGE),
        (ENUM, b"\x80\x80\x80\x80\x80\x00", Reason.INT_OUT_OF_RANGE),
        (["null", "int"], b"\4", Reason.INVALID_UNION_INDEX),
        (["null", "int"], b"\1", Reason.INVALID_UNION_INDEX),
        (["null", "int"], b"\2", Reason.TRUNCATED),
        (["int", "null"], b"\0\2\0", Reason.TRAILING_BYTES),
        (STRINGS, b"\2\2a", Reason.TRUNCATED),
        (STRINGS, b"\2\2a\2", Reason.TRUNCATED),
        (STRINGS, b"\2\2\xff\0", Reason.INVALID_UTF8),
        (STRINGS, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\2a", Reason.TRUNCATED),
        (STRINGS, b"\1\1\2a\0", Reason.NEGATIVE_LENGTH),
        (STRINGS, b"\2\1\0", Reason.NEGATIVE_LENGTH),
    ],
)
def test_a_broken_datum_is_found_out_and_its_neighbours_are_not_harmed(kind, datum, reason):
    for decoded in both_ways(kind, [good(kind), datum, good(kind)]):
        assert [(bad.index, bad.reason) for bad in decoded.bad] == [(1, reason)]
        assert decoded.bad[0].message
        assert decoded.row_index.tolist() == [0, 2]
        assert decoded.table.num_rows == 2


@pytest.mark.parametrize(
    ("kind", "datum", "value"),
    [
        ("int", b"\xfe\xff\xff\xff\x0f", MAX32),
        ("int", b"\xff\xff\xff\xff\x0f", MIN32),
        ("int", b"\x82\x80\x80\x80\x00", 1),
        ("long", b"\xfe" + b"\xff" * 8 + b"\x01", MAX64),
        ("long", b"\xff" * 9 + b"\x01", MIN64),
        ("long", b"\x82" + b"\x80" * 8 + b"\x00", 1),
        ("long", b"\xfe" + b"\xff" * 6 + b"\x7f", 2**55 - 1),
        ("long", b"\x80" * 8 + b"\x01", 2**55),
        ("string", b"\x82\x00a", "a"),
        ("string", b"\x80\x01" + b"x" * 64, "x" * 64),
        ("bytes", b"\2\xff", b"\xff"),
        (ENUM, b"\x84\x00", "C"),
        (["null", "int"], b"\x82\x00\2", 1),
        (["null", "int"], b"\x80\x00", None),
        (STRINGS, b"\2\2a\2\2b\0", ["a", "b"]),
        (STRINGS, b"\3\x08\2a\2b\2\2c\0", ["a", "b", "c"]),
        (STRINGS, b"\x82\x00\2a\x80\x00", ["a"]),
        (["null", STRINGS], b"\2\3\x08\2a\2b\0", ["a", "b"]),
        (STRINGS, b"\x88\x05" + b"\2x" * 324 + b"\0", ["x"] * 324),
    ],
)
def test_an_unusual_but_valid_encoding_is_read(kind, datum, value):
    for decoded in both_ways(kind, [datum, good(kind), datum]):
        assert decoded.bad == []
        assert decoded.row_index.tolist() == [0, 1, 2]
        assert decoded.table.column("f").to_pylist()[0::2] == [value, value]


def test_a_schema_that_contains_itself_is_read_to_a_fixed_depth():
    text = json.dumps(
        {
            "type": "record",
            "name": "R",
            "fields": [{"name": "next", "type": ["null", "R"]}, {"name": "s", "type": "string"}],
        }
    )
    writer = parse_record_schema(text)
    assert not writer.is_plain
    check = DatumCheck(writer.parsed)
    check(b"\2" * 106 + b"\0" + b"\0" * 107)
    with pytest.raises(BrokenDatum) as raised:
        check(b"\2" * 107 + b"\0" + b"\0" * 108)
    assert raised.value.reason is Reason.UNDECODABLE
    check(b"\2" * 106 + b"\0" + b"\0" * 107)


def test_items_of_no_bytes_cannot_fill_the_memory():
    check = DatumCheck({"type": "array", "items": "null"})
    check(b"\x80\x10\0")
    with pytest.raises(BrokenDatum) as raised:
        check(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\0")
    assert raised.value.reason is Reason.UNDECODABLE
