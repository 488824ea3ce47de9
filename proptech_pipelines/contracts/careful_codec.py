"""The careful way: one datum at a time, checked strictly and then read by fastavro.

It finds out what is wrong with a datum, and it reads what the fast way cannot: schemas that are not plain,
and the rare encodings that the fast way leaves alone. Both ways give the same rows (a property test).
"""

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
from fastavro.read import SchemaResolutionError

from proptech_pipelines.contracts.avro_schema import RecordSchema
from proptech_pipelines.contracts.datum_check import BrokenDatum, DatumCheck
from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason
from proptech_pipelines.contracts.decoded import Decoded
from proptech_pipelines.contracts.wire import Datums, Integers

Row = dict[str, Any]


def decode_each(writer: RecordSchema, datums: Datums, indices: Integers) -> Decoded:
    """Decode the datums at `indices` (ascending) of a plain `writer`; columns are the writer's."""
    check = _check(writer)
    schema = writer.arrow_schema()

    def read(datum: bytes) -> Row:
        check(datum)
        return _read(datum, writer.parsed, None)

    return _rows(read, schema, datums, indices)


def decode_each_as(writer: RecordSchema, reader: RecordSchema, datums: Datums, indices: Integers) -> Decoded:
    """Decode the datums at `indices` (ascending) of any `writer` by fastavro's own resolution to `reader`.

    Columns are the reader's, which must have some.
    """
    check = _check(writer)

    def read(datum: bytes) -> Row:
        check(datum)
        return _read(datum, writer.parsed, reader.parsed)

    return _rows(read, reader.arrow_schema(), datums, indices)


@lru_cache(maxsize=1024)
def _check(writer: RecordSchema) -> DatumCheck:
    return DatumCheck(writer.parsed)


def _read(datum: bytes, writer: Any, reader: Any) -> Row:
    """The datum's fields. It has passed the check, so what still fails lies in resolution or in fastavro."""
    try:
        return fastavro.schemaless_reader(BytesIO(datum), writer, reader)  # type: ignore[return-value]
    except SchemaResolutionError as error:
        raise BrokenDatum(DeadLetterReason.TYPE_DOES_NOT_RESOLVE, str(error)) from error
    except UnicodeDecodeError as error:  # bytes read as a string
        raise BrokenDatum(DeadLetterReason.INVALID_UTF8, str(error)) from error
    except Exception as error:
        raise BrokenDatum(DeadLetterReason.UNDECODABLE, f"{type(error).__name__}: {error}") from error


def _rows(read: Callable[[bytes], Row], schema: pa.Schema, datums: Datums, indices: Integers) -> Decoded:
    rows: list[Row] = []
    row_index: list[int] = []
    bad: list[Bad] = []
    for index in indices.tolist():
        try:
            rows.append(read(datums[index]))
            row_index.append(index)
        except BrokenDatum as broken:
            bad.append(Bad(index, broken.reason, broken.message))
    try:
        table = _table(rows, schema)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _rows_that_fit(rows, row_index, bad, schema)
    return Decoded(table, np.array(row_index, np.int64), bad)


def _rows_that_fit(rows: list[Row], row_index: list[int], bad: list[Bad], schema: pa.Schema) -> Decoded:
    """Row by row, since some row does not fit its columns."""
    tables = [_table([], schema)]
    fitting: list[int] = []
    for row, index in zip(rows, row_index, strict=True):
        try:
            tables.append(_table([row], schema))
            fitting.append(index)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            bad.append(Bad(index, DeadLetterReason.UNDECODABLE, str(error)))
    return Decoded(pa.concat_tables(tables), np.array(fitting, np.int64), sorted(bad))


def _table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    columns = [pa.array([row[item.name] for row in rows], item.type) for item in schema]
    return pa.Table.from_arrays(columns, schema=schema)
