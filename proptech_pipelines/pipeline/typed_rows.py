"""The records of one topic as typed rows, or as the dead letters that they are. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason
from proptech_pipelines.contracts.decode import DecodedBatch, decode_records
from proptech_pipelines.contracts.decoded import Flags
from proptech_pipelines.contracts.rules import END_OF_TIME_MS, Limits
from proptech_pipelines.contracts.storable import storable, unstorable, with_storable_texts
from proptech_pipelines.contracts.topics import schema_fields
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.lake.letters import Coordinates
from proptech_pipelines.pipeline.gather import Int64, TopicBatch


@dataclass(frozen=True)
class TypedRows:
    """Typed rows of one topic in the order of its records: index of each one's record, and its times."""

    index: Int64
    event_time_ms: Int64
    event_time_is_kafka: pa.Array
    table: pa.Table
    is_tombstone: Flags
    bad: list[Bad]

    def without(self, bad: list[Bad]) -> "TypedRows":
        """The same less the rows in `bad`, whose indices are of records."""
        if not bad:
            return self
        keep = ~np.isin(self.index, [item.index for item in bad])
        return TypedRows(
            self.index[keep],
            self.event_time_ms[keep],
            self.event_time_is_kafka.filter(pa.array(keep)),
            self.table.filter(pa.array(keep)),
            self.is_tombstone[keep],
            sorted([*self.bad, *bad]),
        )


Refused = Mapping[Coordinates, str]
"""Why the SQL of staging models fails on rows."""


def typed_rows(
    batch: TopicBatch,
    schemas: Mapping[SchemaKey, str | None],
    limits: Limits,
    reader: str,
    refused: Refused,
) -> TypedRows:
    """Decode `batch` by the schema `reader`: what becomes of each of its records, whatever its place in the log."""
    decoded = decode_records(batch.topic, batch.frames, batch.timestamps_ms, schemas, limits, reader)
    rows = _with_tombstones(batch, decoded)
    # As with all rules, what comes by a newer schema kills no record: it was a row under the schema before.
    names = rows.table.column_names
    known = [name for name in names if name in schema_fields(batch.topic.name)]
    unkept = [
        Bad(
            int(rows.index[row]), DeadLetterReason.UNSTORABLE_TEXT, f"{name} holds U+0000 or a word in braces"
        )
        for row, name in unstorable(rows.table.select(known)).items()
    ]
    rows = rows.without(unkept + _refused(batch, refused))
    # A message quotes what is wrong, and is kept itself.
    rows = replace(rows, bad=[replace(item, message=storable(item.message)) for item in rows.bad])
    return rows if known == names else replace(rows, table=with_storable_texts(rows.table))


def _refused(batch: TopicBatch, refused: Refused) -> list[Bad]:
    if not refused:
        return []
    partitions, offsets = (batch.log[name].to_pylist() for name in ("kafka_partition", "kafka_offset"))
    return [
        Bad(index, DeadLetterReason.REFUSED_BY_STAGING, refused[where])
        for index, place in enumerate(zip(partitions, offsets, strict=True))
        if (where := (batch.topic_id, *place)) in refused
    ]


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
            [None if key is None else storable(key.decode(errors="replace")) for key in keys], pa.string()
        )
        columns["is_tombstone"] = pa.array(rows.is_tombstone)
    columns.update(zip(rows.table.column_names, rows.table.columns, strict=True))
    return pa.table(columns)


def _with_tombstones(batch: TopicBatch, decoded: DecodedBatch) -> TypedRows:
    """Put the tombstones of a table topic among its rows. One without a key says nothing, and Kafka's timestamp is its
    event time: without them it is a dead letter."""
    if not len(decoded.tombstones):
        none = np.zeros(len(decoded.row_index), dtype=np.bool_)
        flags = pa.array(decoded.event_time_is_kafka)
        return TypedRows(decoded.row_index, decoded.event_time_ms, flags, decoded.table, none, decoded.bad)
    keyed: list[int] = []
    bad: list[Bad] = []
    for index in decoded.tombstones.tolist():
        time_ms = int(batch.timestamps_ms[index])
        if not batch.keys[index]:
            bad.append(Bad(index, DeadLetterReason.TOMBSTONE, "a tombstone without a key"))
        elif not 0 <= time_ms < END_OF_TIME_MS:
            text = f"a tombstone with the Kafka timestamp {time_ms}"
            bad.append(Bad(index, DeadLetterReason.EVENT_TIME_OUT_OF_BOUNDS, text))
        else:
            keyed.append(index)
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
