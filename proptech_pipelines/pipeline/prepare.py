"""From fetched records to what one ingest transaction writes. Pure: no clock, no registry, no lake."""

import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason, stage_of
from proptech_pipelines.contracts.decode import DecodedBatch, decode_records
from proptech_pipelines.contracts.decoded import Flags
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.log_writer import TopicRows
from proptech_pipelines.lake.positions import PartitionState, Positions
from proptech_pipelines.pipeline.gather import Int64, TopicBatch


@dataclass(frozen=True)
class Range:
    """What one transaction took of one partition; `state` is the partition's after it. See table log_ranges."""

    state: PartitionState
    start_offset: int
    records: int = 0
    staged: int = 0
    dead: int = 0
    checksum: int = 0
    holes: tuple[tuple[int, int], ...] = ()


@dataclass
class Prepared:
    """The rows of one ingest transaction, by table and topic."""

    log: list[TopicRows] = field(default_factory=list[TopicRows])
    staged: list[TopicRows] = field(default_factory=list[TopicRows])
    dead: list[TopicRows] = field(default_factory=list[TopicRows])
    ranges: list[Range] = field(default_factory=list[Range])
    """What moved each partition; of no records where an idle entry did."""
    copies: int = 0
    """Of the dead letters, those that are copies of other records."""

    @property
    def consumed(self) -> int:
        """Records taken in."""
        return sum(item.records for item in self.ranges)

    @property
    def staged_rows(self) -> int:
        """Records that became rows."""
        return sum(item.staged for item in self.ranges)

    @property
    def staged_by_topic(self) -> dict[str, int]:
        """The same by topic, for every topic of which a partition moved."""
        found: Counter[str] = Counter()
        for item in self.ranges:
            found[item.state.topic] += item.staged
        return dict(found)

    @property
    def dead_letters(self) -> int:
        """Records that did not."""
        return sum(item.dead for item in self.ranges)


@dataclass(frozen=True)
class TypedRows:
    """Typed rows of one topic in the order of its records: index of each one's record, and its times."""

    index: Int64
    event_time_ms: Int64
    event_time_is_kafka: pa.Array
    table: pa.Table
    is_tombstone: Flags
    bad: list[Bad]


def prepare(
    positions: Positions,
    batches: Sequence[TopicBatch],
    schemas: Mapping[SchemaKey, str | None],
    limits: Limits,
    readers: Mapping[str, str],
) -> Prepared:
    """Decode `batches`, whose ranges start at `positions`, and lay out the rows that follow from them.

    `readers` are the schemas by which topics are read; a topic not named is read by its newest in this package.
    """
    prepared = Prepared()
    for batch in batches:
        epoch = positions.epoch_of(batch.topic.name, batch.topic_id)
        rows = typed_rows(batch, schemas, limits, readers.get(batch.topic.name, ""))
        _prepare_topic(prepared, positions, batch, epoch, rows)
    return prepared


def typed_rows(
    batch: TopicBatch, schemas: Mapping[SchemaKey, str | None], limits: Limits, reader: str
) -> TypedRows:
    """Decode `batch` by the schema `reader`: what becomes of each of its records, whatever its place in the log."""
    decoded = decode_records(batch.topic, batch.frames, batch.timestamps_ms, schemas, limits, reader)
    return _with_tombstones(batch, decoded)


def _prepare_topic(
    prepared: Prepared, positions: Positions, batch: TopicBatch, epoch: int, rows: TypedRows
) -> None:
    staged_at = np.searchsorted(rows.index, batch.starts).tolist()
    dead_at = np.searchsorted(
        np.array([bad.index for bad in rows.bad], dtype=np.int64), batch.starts
    ).tolist()
    stream_times = np.empty(len(rows.index), dtype=np.int64)
    for number, part in enumerate(batch.parts):
        state = _state_of(positions, part)
        own = slice(staged_at[number], staged_at[number + 1])
        stream_times[own] = running_stream_time(rows.event_time_ms[own], state.stream_time_ms)
        last = int(stream_times[own.stop - 1]) if own.stop > own.start else state.stream_time_ms
        prepared.ranges.append(
            Range(
                replace(state, next_offset=part.end_offset, stream_time_ms=last),
                part.start_offset,
                len(part),
                own.stop - own.start,
                dead_at[number + 1] - dead_at[number],
                checksum(part.offsets, part.keys, part.values),
                tuple(part.holes()),
            )
        )
    where = (batch.topic.name, batch.topic_id, epoch)
    if batch.values:
        prepared.log.append(TopicRows(*where, batch.log))
    if len(rows.index):
        prepared.staged.append(TopicRows(*where, staged_table(batch, rows, stream_times)))
    prepared.copies += sum(bad.reason is DeadLetterReason.COPY_OF_RECORD for bad in rows.bad)
    if rows.bad:
        prepared.dead.append(TopicRows(*where, _dead_table(batch.log, rows.bad)))


def running_stream_time(event_time_ms: Int64, carried_ms: int | None) -> Int64:
    """Stream time at each row of one partition: the largest event time so far, the row included."""
    running = np.maximum.accumulate(event_time_ms)
    return running if carried_ms is None else np.maximum(running, carried_ms)


def checksum(offsets: Sequence[int], keys: Sequence[bytes | None], values: Sequence[bytes | None]) -> int:
    """CRC-32 over offsets, keys and values in order; lengths are in it, so that bytes cannot move between fields."""
    lengths = [-1 if key is None else len(key) for key in keys]
    lengths += [-1 if value is None else len(value) for value in values]
    crc = zlib.crc32(np.array([*offsets, *lengths], dtype="<i8").tobytes())
    crc = zlib.crc32(b"".join(key for key in keys if key), crc)
    return zlib.crc32(b"".join(value for value in values if value), crc)


def advanced(
    positions: Positions, ranges: Sequence[Range], commit_number: int, control_number: int
) -> Positions:
    """The cut after a transaction of `ranges`."""
    states = dict(positions.partitions)
    for item in ranges:
        states[item.state.topic_id, item.state.partition] = item.state
    return Positions(commit_number, control_number, states)


def range_table(ranges: Sequence[Range]) -> pa.Table:
    """The rows of log_ranges, without what they have in common."""
    return pa.Table.from_pylist(
        [
            {
                "topic": item.state.topic,
                "topic_id": item.state.topic_id,
                "topic_epoch": item.state.topic_epoch,
                "kafka_partition": item.state.partition,
                "start_offset": item.start_offset,
                "end_offset": item.state.next_offset,
                "records": item.records,
                "staged": item.staged,
                "dead": item.dead,
                "stream_time_ms": item.state.stream_time_ms,
                "checksum": item.checksum,
                "holes": json.dumps(item.holes) if item.holes else None,
            }
            for item in ranges
        ],
        _RANGE_SCHEMA,
    )


def _state_of(positions: Positions, part: Fetched) -> PartitionState:
    """The state before `part`. Raises LedgerConflict if the range does not join on: nothing may be skipped."""
    state = positions.state_of(part.topic, part.topic_id, part.partition, part.start_offset)
    if state.next_offset != part.start_offset:
        raise LedgerConflict(
            f"{part.topic}[{part.partition}] was fetched from offset {part.start_offset}, the log goes on at "
            f"{state.next_offset}.",
            "fetch from the log's position.",
        )
    return state


def _with_tombstones(batch: TopicBatch, decoded: DecodedBatch) -> TypedRows:
    """Put the tombstones of a table topic among its rows; one without a key says nothing and is a dead letter."""
    if not len(decoded.tombstones):
        none = np.zeros(len(decoded.row_index), dtype=np.bool_)
        flags = pa.array(decoded.event_time_is_kafka)
        return TypedRows(decoded.row_index, decoded.event_time_ms, flags, decoded.table, none, decoded.bad)
    keyed = [index for index in decoded.tombstones.tolist() if batch.keys[index]]
    keyless = [index for index in decoded.tombstones.tolist() if not batch.keys[index]]
    bad = [Bad(index, DeadLetterReason.TOMBSTONE, "a tombstone without a key") for index in keyless]
    index = np.concatenate([decoded.row_index, np.array(keyed, dtype=np.int64)])
    order = np.argsort(index, kind="stable")
    kafka = batch.timestamps_ms[np.array(keyed, dtype=np.int64)]
    source = np.concatenate([np.arange(len(decoded.row_index)), np.full(len(keyed), -1)])[order]
    flags = np.concatenate([decoded.event_time_is_kafka, np.ones(len(keyed), dtype=np.bool_)])[order]
    return TypedRows(
        index[order],
        np.concatenate([decoded.event_time_ms, kafka])[order],
        pa.array(flags),
        decoded.table.take(pa.array(source, pa.int64(), mask=source < 0)),
        source < 0,
        sorted([*decoded.bad, *bad]),
    )


def staged_table(batch: TopicBatch, rows: TypedRows, stream_times: Int64) -> pa.Table:
    """The rows for staging; `stream_times[i]` belongs to row i."""
    picked = batch.log.select(["kafka_partition", "kafka_offset", "kafka_timestamp_ms", "kafka_date"])
    if len(rows.index) != len(picked):
        picked = picked.take(pa.array(rows.index))
    columns: dict[str, pa.ChunkedArray | pa.Array] = dict(
        zip(picked.column_names, picked.columns, strict=True)
    )
    columns["event_time"] = pa.array(rows.event_time_ms).cast(pa.timestamp("ms")).cast(pa.timestamp("us"))
    columns["event_time_is_kafka"] = rows.event_time_is_kafka
    columns["stream_time_ms"] = pa.array(stream_times)
    if batch.topic.kind == "table":
        keys = [batch.keys[index] for index in rows.index.tolist()]
        columns["record_key"] = pa.array(
            [None if key is None else key.decode(errors="replace") for key in keys], pa.string()
        )
        columns["is_tombstone"] = pa.array(rows.is_tombstone)
    columns.update(zip(rows.table.column_names, rows.table.columns, strict=True))
    return pa.table(columns)


def _dead_table(log: pa.Table, bad: Sequence[Bad]) -> pa.Table:
    picked = log.take(pa.array([item.index for item in bad], pa.int64())).drop_columns(["timestamp_type"])
    return (
        picked.append_column("stage", pa.array([stage_of(item.reason) for item in bad]))
        .append_column("reason", pa.array([str(item.reason) for item in bad]))
        .append_column("message", pa.array([item.message for item in bad]))
        .drop_columns(["kafka_date"])
    )


_RANGE_SCHEMA = pa.schema(
    [
        ("topic", pa.string()),
        ("topic_id", pa.string()),
        ("topic_epoch", pa.int32()),
        ("kafka_partition", pa.int32()),
        ("start_offset", pa.int64()),
        ("end_offset", pa.int64()),
        ("records", pa.int64()),
        ("staged", pa.int64()),
        ("dead", pa.int64()),
        ("stream_time_ms", pa.int64()),
        ("checksum", pa.int64()),
        ("holes", pa.string()),
    ]
)
