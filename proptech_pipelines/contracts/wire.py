"""Confluent's wire format: which schema a record was written with, and where its datum starts.

The header `__value_schema_id` is looked at first: 0x01 and a GUID of 16 bytes, or 0x00 and an id of 4 bytes;
the whole value is then the datum. Without that header the value starts with a prefix of 5 bytes, 0x00 and
the id. Ids are big-endian and unsigned. Of several such headers the first counts, as in Confluent's reader.
A record whose headers name another one as its origin is a copy, whatever its value: it is no event.

A batch is one buffer: all values joined, and where each datum starts and ends in it. `frame` gives for each
record what `split` gives for it alone.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason
from proptech_pipelines.contracts.origin_headers import Header, origin_of

SCHEMA_HEADER = "__value_schema_id"
PREFIX_BYTES = 5
PADDING_BYTES = 16

SchemaKey = int | str
"""A schema id, or a schema GUID in its usual text form."""
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Framed:
    """One record's frame: its schema and the offset of its datum, or the reason why it has none."""

    schema: SchemaKey | None
    payload_offset: int = 0
    reason: DeadLetterReason | None = None


@dataclass(frozen=True)
class Datums:
    """Avro datums in one buffer: datum i is `buffer[start[i]:end[i]]`.

    `start` and `end` ascend, and datums do not overlap. The buffer has at least 16 bytes past the last datum,
    so that a wide read at any position of any datum stays inside it.
    """

    buffer: npt.NDArray[np.uint8]
    start: Integers
    end: Integers

    @classmethod
    def of(cls, payloads: Sequence[bytes | None]) -> "Datums":
        """Join `payloads`; None counts as empty. Raises ValueError for 2 GiB and more."""
        joined = pa.array([*payloads, bytes(PADDING_BYTES)], pa.binary())
        if not isinstance(joined, pa.BinaryArray):
            raise ValueError("the values of one batch must be under 2 GiB together")
        _, offsets, data = joined.buffers()
        offset = np.frombuffer(offsets, np.int32, len(payloads) + 2).astype(np.int64)
        return cls(np.frombuffer(data, np.uint8), offset[:-2], offset[1:-1])

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, index: int) -> bytes:
        return self.buffer[self.start[index] : self.end[index]].tobytes()

    def take(self, indices: Integers) -> "Datums":
        """The datums at `indices`, which ascend; the buffer is shared."""
        return Datums(self.buffer, self.start[indices], self.end[indices])

    @cached_property
    def words(self) -> npt.NDArray[np.uint64]:
        """`words[p]` is the eight bytes from position p on, the first the lowest. A view, not a copy."""
        return np.ndarray(shape=(len(self.buffer) - 7,), dtype="<u8", buffer=self.buffer, strides=(1,))


@dataclass(frozen=True)
class Frames:
    """A framed batch. Each record is in exactly one of `groups`, `bad` and `tombstones`."""

    datums: Datums
    """Of every record, in input order; those in `bad` and `tombstones` are of no use."""
    groups: dict[SchemaKey, Integers]
    """Ascending indices of the records of each schema."""
    bad: list[Bad]
    """Ascending; tombstones are not among them, since it depends on the topic what they are."""
    tombstones: Integers
    """Ascending indices of the records without a value."""

    @property
    def schema_keys(self) -> set[SchemaKey]:
        """The ids and GUIDs that must be resolved before the batch can be decoded."""
        return set(self.groups)


def split(value: bytes | None, headers: Sequence[Header] | None) -> Framed:
    """Frame one record. One without a value is a tombstone, whatever its headers say, unless it is a copy."""
    if origin_of(headers) is not None:
        return Framed(None, reason=DeadLetterReason.COPY_OF_RECORD)
    if not value:
        reason = DeadLetterReason.TOMBSTONE if value is None else DeadLetterReason.EMPTY_VALUE
        return Framed(None, reason=reason)
    named = _header_value(headers)
    if named is not None:
        key = _key_of_header(named)
        return Framed(None, reason=DeadLetterReason.BAD_SCHEMA_HEADER) if key is None else Framed(key)
    if value[0] != 0:
        return Framed(None, reason=DeadLetterReason.NO_MAGIC_BYTE)
    if len(value) < PREFIX_BYTES:
        return Framed(None, reason=DeadLetterReason.TRUNCATED_PREFIX)
    return Framed(int.from_bytes(value[1:PREFIX_BYTES], "big"), PREFIX_BYTES)


def frame(values: Sequence[bytes | None], headers: Sequence[Sequence[Header] | None]) -> Frames:
    """Frame a batch; record i is `values[i]` with `headers[i]`. Raises ValueError for 2 GiB and more."""
    datums = Datums.of(values)
    words = datums.words[datums.start].byteswap()
    plain = (words >> np.uint64(56) == 0) & (datums.end - datums.start >= PREFIX_BYTES)
    others = set(np.flatnonzero(~plain).tolist())
    if any(headers):
        others.update(index for index, row in enumerate(headers) if row and _changes_framing(row))
    if not others:
        ids = (words >> np.uint64(24)).astype(np.int64)
        shifted = Datums(datums.buffer, datums.start + PREFIX_BYTES, datums.end)
        none = np.empty(0, np.int64)
        return Frames(shifted, _groups_of_ids(ids, np.arange(len(ids))), [], none)
    return _frame_each(values, headers, datums, words, sorted(others))


def _frame_each(
    values: Sequence[bytes | None],
    headers: Sequence[Sequence[Header] | None],
    datums: Datums,
    words: npt.NDArray[np.uint64],
    others: list[int],
) -> Frames:
    """Frame a batch of which `others` must be looked at one by one."""
    start = datums.start + PREFIX_BYTES
    keyed: dict[SchemaKey, list[int]] = {}
    bad: list[Bad] = []
    tombstones: list[int] = []
    for index in others:
        framed = split(values[index], headers[index])
        start[index] = datums.start[index] + framed.payload_offset
        if framed.reason is DeadLetterReason.TOMBSTONE:
            tombstones.append(index)
        elif framed.reason is not None:
            bad.append(Bad(index, framed.reason, _message(values[index], headers[index], framed.reason)))
        elif framed.schema is not None:
            keyed.setdefault(framed.schema, []).append(index)
    usual = np.delete(np.arange(len(words)), others)
    groups = _groups_of_ids((words[usual] >> np.uint64(24)).astype(np.int64), usual)
    for key, indices in keyed.items():
        added = np.array(indices, np.int64)
        groups[key] = np.sort(np.concatenate([groups[key], added])) if key in groups else added
    return Frames(Datums(datums.buffer, start, datums.end), groups, bad, np.array(tombstones, np.int64))


def _groups_of_ids(ids: Integers, indices: Integers) -> dict[SchemaKey, Integers]:
    """`indices` by their ids; `ids[i]` belongs to `indices[i]`. One id is the usual case."""
    if not len(ids):
        return {}
    if (ids == ids[0]).all():
        return {int(ids[0]): indices}
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    edges = np.flatnonzero(np.diff(ordered)) + 1
    parts = np.split(indices[order], edges)
    return {int(ordered[edge]): part for edge, part in zip([0, *edges.tolist()], parts, strict=True)}


def schema_key_of(text: str) -> SchemaKey:
    """The schema id or GUID that `text` stands for in the lake."""
    return int(text) if text.isdigit() else text


def _changes_framing(headers: Sequence[Header]) -> bool:
    return _header_value(headers) is not None or origin_of(headers) is not None


def _header_value(headers: Sequence[Header] | None) -> bytes | None:
    for name, value in headers or ():
        if name == SCHEMA_HEADER:
            return value
    return None


def _key_of_header(value: bytes) -> SchemaKey | None:
    if len(value) == 17 and value[0] == 1:
        return str(uuid.UUID(bytes=value[1:]))
    if len(value) == PREFIX_BYTES and value[0] == 0:
        return int.from_bytes(value[1:], "big")
    return None


def _message(value: bytes | None, headers: Sequence[Header] | None, reason: DeadLetterReason) -> str:
    origin = origin_of(headers)
    if origin is not None:
        return f"a copy of {origin.topic}[{origin.partition}] at offset {origin.offset} ({origin.family})"
    start = value[:PREFIX_BYTES].hex(" ") if value else "nothing"
    return f"{reason}: the value has {len(value or b'')} bytes and begins with {start}"
