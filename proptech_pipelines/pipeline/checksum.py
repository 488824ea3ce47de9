"""The checksum of a range of records, as the log keeps it beside the range."""

import zlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from proptech_pipelines.pipeline.gather import Int64


def checksum(records: pa.Table) -> int:
    """CRC-32 over the columns kafka_offset, key and value in order; key and value are BINARY, perhaps with nulls.

    Lengths are in it, -1 for null, so that bytes cannot move between fields.
    """
    offsets = records.column("kafka_offset").to_numpy()
    keys, values = (records.column(name).combine_chunks() for name in ("key", "value"))
    numbers = np.concatenate([offsets, _lengths(keys), _lengths(values)]).astype("<i8")
    crc = zlib.crc32(numbers.tobytes())
    for column in (keys, values):
        crc = zlib.crc32(_content(column), crc)
    return crc


def checksum_of(offsets: Sequence[int], keys: Sequence[bytes | None], values: Sequence[bytes | None]) -> int:
    """The same of records that are no table yet."""
    columns = {
        "kafka_offset": pa.array(offsets, pa.int64()),
        "key": pa.array(keys, pa.binary()),
        "value": pa.array(values, pa.binary()),
    }
    return checksum(pa.table(columns))


def _ends(column: pa.Array) -> Int64:
    """Where each value begins in the column's buffer, and where the last one ends."""
    _, offsets, _ = column.buffers()
    if not len(column) or offsets is None:
        return np.zeros(1, np.int64)
    return np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)


def _lengths(column: pa.Array) -> Int64:
    lengths = np.diff(_ends(column))
    if column.null_count:
        lengths[column.is_null().to_numpy(zero_copy_only=False)] = -1
    return lengths


def _content(column: pa.Array) -> memoryview:
    ends = _ends(column)
    data = column.buffers()[2]
    return memoryview(b"" if data is None else data)[ends[0] : ends[-1]]
