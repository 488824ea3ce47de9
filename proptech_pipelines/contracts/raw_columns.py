"""A field's values as they were walked over: numbers, or places in the buffer; and their Arrow columns.

Null rows of a column have value 0, or an empty span at a place inside their own record, so that spans ascend
from record to record whatever is null.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from proptech_pipelines.contracts.wire import Datums, Integers

Flags = npt.NDArray[np.bool_]
Values = npt.NDArray[Any]

_BLOCK = 1_024
"""Rows searched value by value around an invalid string."""


@dataclass(frozen=True)
class Numbers:
    """Numbers, booleans or enum indices; `valid` is None where nothing is null."""

    values: Values
    valid: Flags | None = None

    def keep(self, good: Flags) -> "Numbers":
        """The flagged rows only."""
        return Numbers(self.values[good], None if self.valid is None else self.valid[good])

    def spread(self, is_value: Flags, place: Integers) -> "Numbers":
        """The values put at the flagged rows of a longer column; the others are null."""
        values = np.zeros(len(place), self.values.dtype)
        values[is_value] = self.values
        return Numbers(values, is_value)

    def array(self) -> pa.Array:
        """As an Arrow array of the values' own type."""
        return pa.array(self.values, mask=None if self.valid is None else ~self.valid)


@dataclass(frozen=True)
class Spans:
    """Strings or bytes by their places: value i is `buffer[start[i]:end[i]]`."""

    start: Integers
    end: Integers
    valid: Flags | None = None

    def keep(self, good: Flags) -> "Spans":
        """The flagged rows only."""
        return Spans(self.start[good], self.end[good], None if self.valid is None else self.valid[good])

    def spread(self, is_value: Flags, place: Integers) -> "Spans":
        """The values put at the flagged rows of a longer column; the others are null."""
        start, end = place.copy(), place.copy()
        start[is_value], end[is_value] = self.start, self.end
        return Spans(start, end, is_value)

    def array(self, datums: Datums) -> pa.Array:
        """As a binary array. Between two values lies a gap; taking every other piece drops the gaps."""
        rows = len(self.start)
        if not rows:
            return pa.array([], pa.binary())
        edges = np.empty(2 * rows, np.int32)
        edges[0::2], edges[1::2] = self.start, self.end
        pieces = pa.Array.from_buffers(
            pa.binary(), 2 * rows - 1, [None, pa.py_buffer(edges), pa.py_buffer(datums.buffer)]
        )
        taken = pieces.take(pa.array(np.arange(0, 2 * rows, 2)))
        if self.valid is None:
            return taken
        return pa.Array.from_buffers(pa.binary(), rows, [_bitmap(self.valid), *taken.buffers()[1:]])


@dataclass(frozen=True)
class Lists:
    """Arrays of strings: row i has the next `counts[i]` of `items`."""

    counts: Integers
    items: Spans
    valid: Flags | None = None

    def keep(self, good: Flags) -> "Lists":
        """The flagged rows only."""
        items = self.items.keep(np.repeat(good, self.counts))
        return Lists(self.counts[good], items, None if self.valid is None else self.valid[good])

    def spread(self, is_value: Flags, place: Integers) -> "Lists":
        """The values put at the flagged rows of a longer column; the others are null."""
        counts = np.zeros(len(place), np.int64)
        counts[is_value] = self.counts
        return Lists(counts, self.items, is_value)

    def array(self, items: pa.Array) -> pa.Array:
        """As a list array over `items`, the Arrow array made of `self.items`."""
        offsets = np.zeros(len(self.counts) + 1, np.int32)
        np.cumsum(self.counts, out=offsets[1:])
        bitmap = None if self.valid is None else _bitmap(self.valid)
        return pa.Array.from_buffers(
            pa.list_(items.type), len(self.counts), [bitmap, pa.py_buffer(offsets)], children=[items]
        )


RawColumn = Numbers | Spans | Lists


def text_of(raw: pa.Array) -> tuple[pa.Array, Flags | None]:
    """A binary array as strings, and the flags of values that are not UTF-8 (null then).

    The flags are None where all is well.
    """
    try:
        return raw.cast(pa.string()), None
    except pa.ArrowInvalid:
        flags = np.concatenate([_not_utf8(raw[at : at + _BLOCK]) for at in range(0, len(raw), _BLOCK)])
        valid = raw.take(pa.array(np.arange(len(raw)), mask=flags))
        return valid.cast(pa.string()), flags


def _not_utf8(raw: pa.Array) -> Flags:
    try:
        raw.cast(pa.string())
        return np.zeros(len(raw), np.bool_)
    except pa.ArrowInvalid:
        return np.array([not _is_utf8(value) for value in raw.to_pylist()], np.bool_)


def _is_utf8(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _bitmap(valid: Flags) -> pa.Buffer:
    return pa.py_buffer(np.packbits(valid, bitorder="little"))
