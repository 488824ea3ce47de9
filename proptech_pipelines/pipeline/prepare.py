"""From fetched records to what one ingest transaction writes. Pure: no clock, no registry, no lake."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason, stage_of
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.log_writer import TopicRows
from proptech_pipelines.lake.positions import PartitionState, Positions
from proptech_pipelines.pipeline.checksum import checksum
from proptech_pipelines.pipeline.gather import Int64, TopicBatch
from proptech_pipelines.pipeline.typed_rows import Refused, TypedRows, staged_table, typed_rows


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


def prepare(
    positions: Positions,
    batches: Sequence[TopicBatch],
    schemas: Mapping[SchemaKey, str | None],
    limits: Limits,
    readers: Mapping[str, str],
    refused: Refused,
) -> Prepared:
    """Decode `batches`, whose ranges start at `positions`, and lay out the rows that follow from them.

    `readers` are the schemas by which topics are read; a topic not named is read by its newest in this package.
    """
    prepared = Prepared()
    for batch in batches:
        epoch = positions.epoch_of(batch.topic.name, batch.topic_id)
        rows = typed_rows(batch, schemas, limits, readers.get(batch.topic.name, ""), refused)
        _prepare_topic(prepared, positions, batch, epoch, rows)
    return prepared


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
                checksum(batch.log.slice(int(batch.starts[number]), len(part))),
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
