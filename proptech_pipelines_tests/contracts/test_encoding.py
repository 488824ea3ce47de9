"""The columnar encoder against fastavro."""

import io

import numpy as np
import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts import encoding
from proptech_pipelines.contracts.topics import schema_fields
from proptech_pipelines_tests.simulator.stream import parsed, stream

LONGS = st.integers(-(2**63), 2**63 - 1)


def avro(schema, value) -> bytes:
    buffer = io.BytesIO()
    schemaless_writer(buffer, schema, value)
    return buffer.getvalue()


def cells(column: encoding.Column) -> list[bytes]:
    return [bytes(data[used].tobytes()) for data, used in zip(column.data, column.used, strict=True)]


@given(st.lists(LONGS, min_size=1))
def test_integers_equal_fastavros(values):
    column = encoding.integers(np.array(values, dtype=np.int64))
    assert cells(column) == [avro("long", value) for value in values]
    assert column.lengths.tolist() == [len(cell) for cell in cells(column)]


@pytest.mark.parametrize("value", [0, -1, 1, 63, 64, -64, -65, 8191, 8192, 2**31, -(2**63), 2**63 - 1])
def test_integers_at_the_edge_of_a_byte_equal_fastavros(value):
    assert cells(encoding.integers(np.array([value, 0]))) == [avro("long", value), avro("long", 0)]


@given(st.lists(st.text(), min_size=1))
def test_strings_equal_fastavros(values):
    assert cells(encoding.strings(values)) == [avro("string", value) for value in values]


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_doubles_and_floats_equal_fastavros(values):
    array = np.array(values)
    assert cells(encoding.floats(array)) == [avro("double", value) for value in values]
    single = array.clip(-1e30, 1e30)
    assert cells(encoding.floats(single, "<f4")) == [avro("float", value) for value in single.tolist()]


@given(st.lists(st.one_of(st.none(), LONGS), min_size=1))
def test_nullable_integers_equal_fastavros(values):
    plain = encoding.integers(np.array([value or 0 for value in values], dtype=np.int64))
    column = encoding.nullable(plain, np.array([value is not None for value in values]))
    assert cells(column) == [avro(["null", "long"], value) for value in values]


@given(st.lists(st.booleans(), min_size=1))
def test_booleans_equal_fastavros(values):
    assert cells(encoding.booleans(np.array(values))) == [avro("boolean", value) for value in values]


def test_every_simulated_record_is_what_fastavro_writes():
    topics = set()
    for record in stream(40_000, broken=0.0):
        if record.value is not None:
            assert record.value[5:] == avro(parsed(record.topic), record.decoded())
            topics.add(record.topic)
    assert len(topics) == 9


def test_a_field_that_cannot_be_null_needs_a_column():
    columns = {"propertyId": encoding.strings(["a"])}
    with pytest.raises(ValueError, match="zipCode cannot be null"):
        encoding.records(schema_fields("property-price-changes"), b"", columns)


def test_a_column_that_is_no_field_is_refused():
    columns = {"colour": encoding.strings(["red"])}
    with pytest.raises(KeyError, match="colour"):
        encoding.records(schema_fields("property-price-changes"), b"", columns)
