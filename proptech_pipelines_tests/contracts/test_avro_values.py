"""Values of whole tables against fastavro."""

import io
import json

import pyarrow as pa
import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines.contracts import avro_values
from proptech_pipelines.contracts.avro_values import values_of

INTS, LONGS = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOUBLES = st.floats(allow_nan=False)
HOME = {
    "type": "record",
    "name": "Home",
    "fields": [
        {"name": "place", "type": "int"},
        {"name": "name", "type": "string"},
        {"name": "price", "type": ["null", "long"]},
    ],
}
SCHEMA = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "nickname", "type": ["null", "string"]},
        {"name": "size", "type": "int"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "until", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
        {"name": "share", "type": "double"},
        {"name": "latitude", "type": ["null", "double"]},
        {"name": "isNew", "type": "boolean"},
        {"name": "isOpen", "type": ["null", "boolean"]},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "SOLD"]}},
        {"name": "homes", "type": {"type": "array", "items": HOME}},
    ],
}
FIELDS = {item["name"]: item for item in SCHEMA["fields"]}
ARROW = pa.schema(
    [
        ("name", pa.string()),
        ("nickname", pa.string()),
        ("size", pa.int32()),
        ("at", pa.int64()),
        ("until", pa.int64()),
        ("share", pa.float64()),
        ("latitude", pa.float64()),
        ("isNew", pa.bool_()),
        ("isOpen", pa.bool_()),
        ("state", pa.string()),
        ("homes", pa.list_(pa.struct([("name", pa.string()), ("price", pa.int64()), ("place", pa.int32())]))),
    ]
)
ROWS = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "nickname": st.none() | TEXTS,
        "size": INTS,
        "at": LONGS,
        "until": st.none() | LONGS,
        "share": DOUBLES,
        "latitude": st.none() | DOUBLES,
        "isNew": st.booleans(),
        "isOpen": st.none() | st.booleans(),
        "state": st.sampled_from(["OPEN", "SOLD"]),
        "homes": st.lists(
            st.fixed_dictionaries({"place": INTS, "name": TEXTS, "price": st.none() | LONGS}), max_size=4
        ),
    }
)


def written(row) -> bytes:
    buffer = io.BytesIO()
    schemaless_writer(buffer, parse_schema(json.loads(json.dumps(SCHEMA))), row)
    return b"prefix" + buffer.getvalue()


@settings(deadline=None)
@given(st.lists(ROWS, max_size=8), st.integers(0, 3))
def test_each_row_is_what_fastavro_writes(rows, first):
    table = pa.Table.from_pylist(rows, ARROW)[first:].select(sorted(FIELDS))
    assert list(values_of(FIELDS, b"prefix", table)) == [written(row) for row in rows[first:]]


@settings(deadline=None)
@given(rows=st.lists(ROWS, min_size=2, max_size=8))
def test_rows_of_long_strings_are_written_in_parts(rows):
    rows[1]["name"] = "x" * 10_000
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(avro_values, "_MOST_BYTES", 20_000)
        found = list(values_of(FIELDS, b"prefix", pa.Table.from_pylist(rows, ARROW)))
    assert found == [written(row) for row in rows]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name cannot be null"),
        ({"at": None}, "at cannot be null"),
        ({"state": "LOST"}, "LOST"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(change, message):
    row = dict.fromkeys(FIELDS)
    row |= {"name": "a", "size": 1, "at": 1, "share": 1.0, "isNew": True, "state": "OPEN", "homes": []}
    table = pa.Table.from_pylist([{**row, **change}], ARROW)
    with pytest.raises(ValueError, match=message):
        list(values_of(FIELDS, b"", table))


def test_a_column_that_is_no_field_is_refused():
    with pytest.raises(KeyError, match="colour"):
        list(values_of(FIELDS, b"", pa.table({"colour": ["red"]})))
