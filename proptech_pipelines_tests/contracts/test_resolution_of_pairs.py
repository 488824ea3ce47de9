"""Old bytes under a new schema: over random pairs of schemas our rows are those of fastavro's own resolution."""

import json

import numpy as np
import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st

from proptech_pipelines.contracts.avro_compatibility import faults, parse_avro_record
from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.decode import decode_datums
from proptech_pipelines.contracts.wire import Datums
from proptech_pipelines.errors import IncompatibleSchema
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES, encode, reference
from proptech_pipelines_tests.contracts.schema_pairs import covering_values, schema_pairs


@EXAMPLES
@given(st.one_of(schema_pairs(nested=False), schema_pairs()), st.booleans())
def test_of_any_two_versions_rows_are_fastavros_or_the_pair_is_refused_because_it_fails(pair, is_turned):
    """Old bytes under the new schema and new bytes under the old one, whether they are compatible or not."""
    writer, reader = reversed(pair) if is_turned else pair
    wanted = parse_record_schema(reader)
    assume(wanted.has_columns and wanted.fields)  # as the columns of a table are
    payloads = [encode(writer, value) for value in covering_values(json.loads(writer))]
    expected = [read_by_fastavro(writer, payload, reader) for payload in payloads]
    try:
        decoded = decode_datums(writer, reader, Datums.of(payloads))
    except IncompatibleSchema:
        assert None in expected
        return
    rows = dict(zip(decoded.row_index.tolist(), decoded.table.to_pylist(), strict=True))
    assert [rows.get(index) for index in range(len(payloads))] == expected
    if not faults(parse_avro_record(writer), parse_avro_record(reader)):
        assert decoded.bad == []


def read_by_fastavro(writer, payload, reader):
    """The row as columns hold it, or None where fastavro fails."""
    try:
        row = reference(writer, payload, reader)
    except Exception:
        return None
    return {item.name: _held(row[item.name], item.type.arrow) for item in parse_record_schema(reader).fields}


def _held(value, kind):
    """`value` as a column of type `kind` gives it back: 32-bit floats rounded, defaults of bytes as bytes."""
    if value is None:
        held = None
    elif pa.types.is_binary(kind) and isinstance(value, str):
        held = value.encode("latin-1")
    elif pa.types.is_float32(kind):
        held = float(np.float32(value))
    elif pa.types.is_list(kind):
        held = [_held(item, kind.value_type) for item in value]
    elif pa.types.is_map(kind):
        held = [(name, _held(item, kind.item_type)) for name, item in value.items()]
    elif pa.types.is_struct(kind):
        held = {item.name: _held(value[item.name], item.type) for item in kind}
    else:
        held = value
    return held
