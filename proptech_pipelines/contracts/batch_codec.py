"""The fast way: a whole batch of one plain schema, decoded field by field at all records at once.

For each field of the schema, one vectorised step reads that field of every record and moves every record's
position on. Each record is thus parsed on its own, from its own first byte, and must end at its own last one:
no record can shift another, and one broken record costs one careful decode and nothing else. Whatever a step
finds unusual puts the record in doubt, and the careful way alone judges doubtful records, so the reasons of
both ways are the same by construction.
"""

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.avro_schema import FieldType, RecordSchema
from proptech_pipelines.contracts.careful_codec import decode_each
from proptech_pipelines.contracts.cursor import Cursor
from proptech_pipelines.contracts.decoded import Decoded, merge
from proptech_pipelines.contracts.raw_columns import Flags, Lists, Numbers, RawColumn, Spans, text_of
from proptech_pipelines.contracts.wire import Datums, Integers

_MOST_ITEMS = 256
"""Arrays of more items take the careful way: each further item costs a step over the whole batch."""


def decode_batch(writer: RecordSchema, datums: Datums) -> Decoded:
    """Decode all `datums` of a plain `writer`; columns are the writer's."""
    cursor = Cursor.at_start(datums)
    columns = [_take_field(cursor, item.type) for item in writer.fields]
    cursor.distrust(cursor.position != cursor.end)
    good = ~cursor.doubt
    if not good.all():
        columns = [column.keep(good) for column in columns]
    row_index = np.flatnonzero(good)
    broken = np.zeros(len(row_index), np.bool_)
    arrays: list[pa.Array] = []
    for item, column in zip(writer.fields, columns, strict=True):
        array, broken_here = _array(column, item.type, datums)
        arrays.append(array)
        if broken_here is not None:
            broken |= broken_here
    table = pa.Table.from_arrays(arrays, schema=writer.arrow_schema())
    if broken.any():
        table, row_index = table.filter(pa.array(~broken)), row_index[~broken]
    if len(row_index) == len(datums):
        return Decoded(table, row_index, [])
    doubtful = np.setdiff1d(np.arange(len(datums)), row_index, assume_unique=True)
    return merge([Decoded(table, row_index, []), decode_each(writer, datums, doubtful)])


def _take_field(cursor: Cursor, kind: FieldType) -> RawColumn:
    """The field of every record, null or not."""
    if kind.null_branch is None:
        return _take_value(cursor, kind)
    branch = cursor.take_byte()
    is_value = branch == 2 * (1 - kind.null_branch)
    if is_value.all():
        return _take_value(cursor, kind)
    cursor.distrust(~is_value & (branch != 2 * kind.null_branch))
    place = cursor.position
    rows = np.flatnonzero(is_value)
    part = cursor.part(rows)
    column = _take_value(part, kind)
    cursor.join(rows, part)
    return column.spread(is_value, place)


def _take_value(cursor: Cursor, kind: FieldType) -> RawColumn:
    """The field of every record, which is not null in any."""
    match kind.kind:
        case "string" | "bytes":
            column = Spans(*cursor.take_span())
        case "long":
            column = Numbers(cursor.take_long())
        case "int":
            column = Numbers(cursor.take_int())
        case "double":
            column = Numbers(cursor.word().view(np.float64))
            cursor.advance(8)
        case "float":
            column = Numbers(cursor.word().astype(np.uint32).view(np.float32))
            cursor.advance(4)
        case "boolean":
            byte = cursor.take_byte()
            cursor.distrust(byte > 1)
            column = Numbers(byte == 1)
        case "enum":
            column = Numbers(_take_enum(cursor, len(kind.symbols)))
        case "array":
            column = _take_list(cursor)
        case _:
            column = Numbers(np.zeros(len(cursor.position), np.int8))  # null takes no bytes
    return column


def _take_enum(cursor: Cursor, symbols: int) -> Integers:
    before = cursor.position
    index = cursor.take_small()
    broken = (index < 0) | (index >= symbols) | (cursor.position - before > 5)
    cursor.distrust(broken)
    return np.where(broken, 0, index)


def _take_list(cursor: Cursor) -> Lists:
    """Arrays of one block or none; others are in doubt. Step k takes item k of the records that have it."""
    counts = cursor.take_small()
    unusual = (counts < 0) | (counts > np.minimum(cursor.end - cursor.position, _MOST_ITEMS))
    cursor.distrust(unusual)
    counts = np.where(unusual, 0, counts)
    rows: list[Integers] = [np.empty(0, np.int64)]
    starts, ends = [rows[0]], [rows[0]]
    for item in range(int(counts.max(initial=0))):
        having = np.flatnonzero(counts > item)
        part = cursor.part(having)
        start, end = part.take_span()
        cursor.join(having, part)
        rows.append(having)
        starts.append(start)
        ends.append(end)
    _take_list_end(cursor, counts)
    order = np.argsort(np.concatenate(rows), kind="stable")
    return Lists(counts, Spans(np.concatenate(starts)[order], np.concatenate(ends)[order]))


def _take_list_end(cursor: Cursor, counts: Integers) -> None:
    """After its one block an array ends with a block of none, the byte 0; an empty array is just that."""
    filled = np.flatnonzero(counts > 0)
    part = cursor.part(filled)
    part.distrust(part.take_byte() != 0)
    cursor.join(filled, part)


def _array(column: RawColumn, kind: FieldType, datums: Datums) -> tuple[pa.Array, Flags | None]:
    """The column of its type, and the flags of rows that hold invalid UTF-8 (None: none do)."""
    match column:
        case Spans():
            raw = column.array(datums)
            return text_of(raw) if kind.kind == "string" else (raw, None)
        case Lists():
            items, broken = text_of(column.items.array(datums))
            return column.array(items), _any_by_row(broken, column.counts)
        case Numbers():
            array = column.array()
            if kind.kind == "enum":
                array = pa.array(kind.symbols, pa.string()).take(array)
            return (pa.nulls(len(array)) if kind.kind == "null" else array), None


def _any_by_row(broken: Flags | None, counts: Integers) -> Flags | None:
    if broken is None:
        return None
    rows = np.zeros(len(counts), np.bool_)
    rows[np.repeat(np.arange(len(counts)), counts)[broken]] = True
    return rows
