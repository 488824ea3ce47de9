"""Reading one schema as another: Avro's rules, as fastavro's own resolution applies them."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason as Reason
from proptech_pipelines.contracts.decode import decode_datums
from proptech_pipelines.contracts.resolution import field_was_written, resolve
from proptech_pipelines.contracts.wire import Datums
from proptech_pipelines.errors import IncompatibleSchema, SchemaNotAvro
from proptech_pipelines_tests.contracts.avro_strategies import (
    EXAMPLES,
    encode,
    plain_schemas,
    records_of,
    reference,
)

ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}
MILLIS, MICROS = ({"type": "long", "logicalType": f"timestamp-{unit}"} for unit in ("millis", "micros"))
STRINGS = {"type": "array", "items": "string"}
PROMOTIONS = {
    "int": ["long", "float", "double"],
    "long": ["float", "double"],
    "float": ["double"],
    "string": ["bytes"],
}
DEFAULTS = [
    ("string", "none"),
    (["null", "long"], None),
    ("double", 1.5),
    (STRINGS, []),
    ("int", 3),
    ("bytes", "\u00ff"),
]


def record(*fields, name="R", **more):
    return json.dumps({"type": "record", "name": name, "fields": list(fields), **more})


def field(kind, name="f", **more):
    return {"name": name, "type": kind, **more}


@st.composite
def compatible_readers(draw, writer):
    """A schema that reads every record of `writer`: reordered, less some fields, wider, renamed, with more fields."""
    kept = [item for item in json.loads(writer)["fields"] if draw(st.booleans())]
    fields = [_evolved(draw, item, number) for number, item in enumerate(draw(st.permutations(kept)))]
    for number, (kind, default) in enumerate(
        draw(st.lists(st.sampled_from(DEFAULTS), min_size=1, max_size=2))
    ):
        fields.append(field(kind, f"new{number}", default=default))
    return record(*draw(st.permutations(fields)))


def _evolved(draw, item, number):
    kind = item["type"]
    branches = kind if isinstance(kind, list) else [kind]
    plain = next((branch for branch in branches if branch != "null"), "null")
    if isinstance(plain, str) and plain in PROMOTIONS:
        plain = draw(st.sampled_from([plain, *PROMOTIONS[plain]]))
    elif isinstance(plain, dict) and plain["type"] == "enum":
        symbols = draw(st.sampled_from([["A", "B", "C"], ["C", "A", "D"]]))
        plain = {**plain, "symbols": symbols, **draw(st.sampled_from([{}, {"default": "A"}]))}
        if "default" in plain and draw(st.booleans()):
            del plain["default"]
    if plain != "null" and ("null" in branches or draw(st.booleans())):
        shapes = [["null", plain], [plain, "null"]] if draw(st.integers(0, 9)) else [plain]
        plain = draw(st.sampled_from(shapes))
    if draw(st.booleans()):
        return field(plain, f"renamed{number}", aliases=[item["name"]])
    return field(plain, item["name"])


@EXAMPLES
@given(st.data())
def test_rows_and_refusals_are_those_of_fastavro(data):
    writer = data.draw(plain_schemas())
    reader = data.draw(compatible_readers(writer))
    payloads = [encode(writer, item) for item in data.draw(st.lists(records_of(writer), max_size=4))]
    decoded = decode_datums(writer, reader, Datums.of(payloads))
    rows = dict(zip(decoded.row_index.tolist(), decoded.table.to_pylist(), strict=True))
    reasons = {bad.index: bad.reason for bad in decoded.bad}
    assert rows.keys() ^ reasons.keys() == set(range(len(payloads)))
    for index, payload in enumerate(payloads):
        try:
            expected = reference(writer, payload, reader)
        except Exception:
            assert reasons[index] is Reason.TYPE_DOES_NOT_RESOLVE
        else:
            assert rows[index] == as_columns_hold_it(reader, expected)


def as_columns_hold_it(reader, row):
    """fastavro's row with 32-bit floats rounded as their column is, and defaults of bytes as bytes."""
    held = {}
    for item in json.loads(reader)["fields"]:
        value = row[item["name"]]
        if "float" in str(item["type"]) and value is not None:
            value = float(np.float32(value))
        if item["type"] == "bytes" and isinstance(value, str):
            value = value.encode("latin-1")
        held[item["name"]] = value
    return held


@pytest.mark.parametrize(
    ("written", "wanted", "told"),
    [
        (field("string"), field("int"), "Field f of R: string cannot be read as int"),
        (field("long"), field("int"), "Field f of R: long cannot be read as int"),
        (field("double"), field(["null", "float"]), "Field f of R: double cannot be read as float"),
        (field(STRINGS), field("string"), "Field f of R: array cannot be read as string"),
        (field("null"), field("string"), "Field f of R: null was written and it may not be null"),
        (field("int", "g"), field("int"), "Field f of R: it was not written and has no default"),
        (field(ENUM), field({**ENUM, "name": "Other"}), "Field f of R: the enum E is not Other"),
        (field(MICROS), field(MILLIS), "Field f of R: timestamp-micros is not timestamp-millis"),
        (
            field(["null", MICROS]),
            field(["null", MILLIS]),
            "Field f of R: timestamp-micros is not timestamp-millis",
        ),
        (field("int"), field(["int", "string"]), "No table column can hold some field of R"),
    ],
)
def test_a_field_that_does_not_resolve_is_named(written, wanted, told):
    with pytest.raises(IncompatibleSchema, match=told):
        resolve(record(written), record(wanted))


def test_another_record_does_not_resolve_unless_an_alias_says_so():
    with pytest.raises(IncompatibleSchema, match="A record Old is not a R"):
        resolve(record(field("int"), name="Old"), record(field("int")))
    assert resolve(record(field("int"), name="a.b.Old"), record(field("int"), aliases=["Old"])).sources[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "3",
        "null",
        "{}",
        '{"type":"object","properties":{}}',
        'syntax = "proto3";',
        '{"type":"record","name":"R","aliases":3,"fields":[]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_avro_schema_is_told_apart(text):
    with pytest.raises(SchemaNotAvro):
        resolve(text, record(field("int")))


@pytest.mark.parametrize(
    "text", ['"string"', "[]", '{"type":"array","items":"int"}', '{"type":"enum","name":"E","symbols":["A"]}']
)
def test_avro_that_is_not_a_record_does_not_resolve(text):
    with pytest.raises(IncompatibleSchema):
        resolve(text, record(field("int")))


def rows_of(written, wanted, *payloads):
    decoded = decode_datums(record(written), record(wanted), Datums.of(list(payloads)))
    return decoded.table.column("f").to_pylist(), [(bad.index, bad.reason) for bad in decoded.bad]


def test_a_null_for_a_field_that_may_not_be_null_is_bad_alone():
    assert rows_of(field(["null", "int"]), field("long"), b"\2\2", b"\0", b"\2\4") == (
        [1, 2],
        [(1, Reason.TYPE_DOES_NOT_RESOLVE)],
    )


def test_bytes_that_are_not_text_are_bad_alone():
    assert rows_of(field("bytes"), field("string"), b"\2a", b"\2\xff") == (["a"], [(1, Reason.INVALID_UTF8)])


def test_an_unknown_symbol_is_the_default_or_bad_alone():
    fewer = {**ENUM, "symbols": ["A"]}
    assert rows_of(field(ENUM), field(fewer), b"\0", b"\2") == (["A"], [(1, Reason.TYPE_DOES_NOT_RESOLVE)])
    assert rows_of(field(ENUM), field({**fewer, "default": "A"}), b"\0", b"\2") == (["A", "A"], [])


def test_columns_have_the_types_of_the_readers_fields_in_its_order():
    kinds = [
        "string",
        ENUM,
        MILLIS,
        "long",
        "int",
        "float",
        "double",
        "boolean",
        "bytes",
        STRINGS,
        ["null", "int"],
    ]
    text = record(*(field(kind, f"f{number}") for number, kind in enumerate(kinds)))
    expected = [pa.string(), pa.string(), pa.int64(), pa.int64(), pa.int32(), pa.float32(), pa.float64()]
    expected += [pa.bool_(), pa.binary(), pa.list_(pa.string()), pa.int32()]
    table = decode_datums(text, text, Datums.of([])).table
    assert (table.column_names, table.schema.types) == ([f"f{number}" for number in range(11)], expected)


def test_a_logical_type_that_only_one_side_bears_resolves_and_stays_a_number():
    assert rows_of(field(MILLIS), field("long"), b"\4") == ([2], [])
    assert rows_of(field("long"), field(["null", MILLIS]), b"\4") == ([2], [])


@pytest.mark.parametrize(
    ("written", "wanted", "datum", "value"),
    [
        (field(["int", "string"]), field(["null", "long"]), b"\0\4", 2),
        (field(["null", "int", "long"]), field("double"), b"\4\4", 2.0),
        (field({"type": "fixed", "name": "F", "size": 2}), field("int", default=7), b"ab", None),
        (field({"type": "map", "values": "int"}, "g"), field("string", default="d"), b"\2\2k\2\0", "d"),
        (
            field({"type": "map", "values": "int"}, "g"),
            field("bytes", default="\u00ff"),
            b"\2\2k\2\0",
            b"\xff",
        ),
        (field(["int", "string"]), field("int"), b"\2\2a", None),
    ],
)
def test_schemas_that_are_not_plain_are_resolved_by_fastavro(written, wanted, datum, value):
    bad = [] if value is not None else [(0, Reason.TYPE_DOES_NOT_RESOLVE)]
    assert rows_of(written, wanted, datum) == ([] if bad else [value], bad)


def test_bytes_that_are_not_text_are_bad_alone_in_a_schema_that_is_not_plain():
    extra = {"type": "map", "values": "int"}
    written = record(field("bytes"), field(extra, "g"))
    decoded = decode_datums(written, record(field("string")), Datums.of([b"\2a\0", b"\2\xff\0"]))
    assert decoded.table.to_pylist() == [{"f": "a"}]
    assert [(bad.index, bad.reason) for bad in decoded.bad] == [(1, Reason.INVALID_UTF8)]


def test_a_type_that_is_wrapped_twice_is_the_type_inside():
    wrapped = {"type": {"type": "long", "logicalType": "timestamp-millis"}}
    assert rows_of(field(wrapped), field(MILLIS), b"\4") == ([2], [])
    with pytest.raises(IncompatibleSchema, match="timestamp-millis is not timestamp-micros"):
        resolve(record(field(wrapped)), record(field(MICROS)))


def test_two_fields_of_one_name_are_no_avro_schema():
    with pytest.raises(SchemaNotAvro, match="two fields bear one name"):
        resolve(record(field("int"), field("string")), record(field("int")))


def test_broken_bytes_of_a_schema_that_is_not_plain_have_their_reason():
    written, wanted = field({"type": "map", "values": "boolean"}, "g"), field("int", default=1)
    _, bad = rows_of(written, wanted, b"\2\2k\2\0", b"\2\2k\1\0", b"\2\2k", b"\2\2\xff\1\0")
    assert bad == [(0, Reason.INVALID_BOOLEAN), (2, Reason.TRUNCATED), (3, Reason.INVALID_UTF8)]


def test_field_was_written_by_its_name_or_an_alias():
    reader = record(field("int", default=0, aliases=["old"]))
    assert field_was_written(record(field("int")), reader, "f")
    assert field_was_written(record(field("int", "old")), reader, "f")
    assert not field_was_written(record(field("int", "other")), reader, "f")
