"""From the values of one topic's records to rows with event times and dead letters.

Deterministic: the result depends on the records, their Kafka timestamps, the schemas given and the limits,
and on nothing else. No batching changes a row or a reason.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.batch_codec import decode_batch
from proptech_pipelines.contracts.careful_codec import decode_each_as
from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason
from proptech_pipelines.contracts.decoded import Decoded, Flags, merge
from proptech_pipelines.contracts.resolution import read_as, resolve, with_defaults
from proptech_pipelines.contracts.rules import Limits, Rows, check, event_times
from proptech_pipelines.contracts.topics import Topic, schema_text
from proptech_pipelines.contracts.wire import Datums, Frames, Integers, SchemaKey
from proptech_pipelines.errors import IncompatibleSchema, SchemaNotAvro


@dataclass(frozen=True)
class DecodedBatch:
    """One topic's records, decoded. Each is in exactly one of `row_index`, `bad` and `tombstones`."""

    table: pa.Table
    """Rows in the order of the records; columns are the fields of the topic's schema under their Avro names.

    Only the event time's column may be null against the schema: where the writer had no such field.
    """
    row_index: Integers
    """Of each row, the index of its record; ascending."""
    event_time_ms: Integers
    """Of each row: the topic's event time field, or the Kafka timestamp."""
    event_time_is_kafka: Flags
    """Of each row: whether the event time is the Kafka timestamp, because the field is missing or null."""
    bad: list[Bad]
    """Dead letters, ascending by index."""
    tombstones: Integers
    """Records without a value on a topic that is a table, ascending; event time is the Kafka timestamp."""


def decode_records(
    topic: Topic,
    frames: Frames,
    kafka_timestamp_ms: Integers,
    schemas: Mapping[SchemaKey, str | None],
    limits: Limits,
    reader_text: str = "",
) -> DecodedBatch:
    """Decode framed records of `topic` as rows of the schema `reader_text`, or else of the topic's newest one.

    `kafka_timestamp_ms[i]` belongs to record i.

    `schemas` has an entry for each of `frames.schema_keys`: the schema's text, or None where the registry
    says that there is none (a KeyError tells of a missing entry). No record raises.
    """
    bad = list(frames.bad)
    tombstones = frames.tombstones
    if topic.kind == "stream":
        bad += [Bad(index, DeadLetterReason.TOMBSTONE, "the value is null") for index in tombstones.tolist()]
        tombstones = np.empty(0, np.int64)
    reader = table_schema_text(topic, reader_text)
    empty = parse_record_schema(reader).arrow_schema().empty_table()
    parts = [Decoded(empty, np.empty(0, np.int64), sorted(bad))]
    for key, indices in frames.groups.items():
        parts.append(_decode_group(key, schemas[key], reader, frames.datums, indices))
    decoded = merge(parts)
    kafka = kafka_timestamp_ms[decoded.row_index]
    event_time_ms, is_kafka = event_times(topic, decoded.table, kafka)
    broken = check(topic, Rows(decoded.table, event_time_ms, kafka, limits))
    if broken:
        keep = np.ones(len(event_time_ms), np.bool_)
        keep[[row for row, _, _ in broken]] = False
        index_of = decoded.row_index.tolist()
        decoded = decoded.without([Bad(index_of[row], reason, message) for row, reason, message in broken])
        event_time_ms, is_kafka = event_time_ms[keep], is_kafka[keep]
    return DecodedBatch(decoded.table, decoded.row_index, event_time_ms, is_kafka, decoded.bad, tombstones)


def decode_datums(writer_text: str, reader_text: str, datums: Datums) -> Decoded:
    """Decode datums written with `writer_text` as rows of `reader_text`.

    Columns are the reader's fields in its order. Raises SchemaNotAvro or IncompatibleSchema where the pair
    cannot be read at all; no datum raises.
    """
    plan = resolve(writer_text, reader_text)
    if plan.is_by_columns:
        return read_as(plan, decode_batch(plan.writer, datums))
    return with_defaults(plan, decode_each_as(plan.writer, plan.reader, datums, np.arange(len(datums))))


@cache
def table_schema_text(topic: Topic, reader_text: str = "") -> str:
    """The topic's schema as its table reads it: the event time may be missing, for Kafka's stands in."""
    schema = json.loads(reader_text or schema_text(topic.name))
    for item in schema["fields"]:
        if item["name"] == topic.event_time and not isinstance(item["type"], list):
            item["type"], item["default"] = ["null", item["type"]], None
    return json.dumps(schema)


def _decode_group(
    key: SchemaKey, text: str | None, reader: str, datums: Datums, indices: Integers
) -> Decoded:
    """The records at `indices`, all written with the schema `key`."""
    if text is None:
        return _all_bad(
            reader, indices, DeadLetterReason.UNKNOWN_SCHEMA_ID, f"the registry has no schema {key}"
        )
    group = datums if len(indices) == len(datums) else datums.take(indices)
    try:
        return decode_datums(text, reader, group).at(indices)
    except SchemaNotAvro as error:
        return _all_bad(reader, indices, DeadLetterReason.SCHEMA_NOT_AVRO, f"schema {key}: {error.message}")
    except IncompatibleSchema as error:
        return _all_bad(
            reader, indices, DeadLetterReason.TYPE_DOES_NOT_RESOLVE, f"schema {key}: {error.message}"
        )


def _all_bad(reader: str, indices: Integers, reason: DeadLetterReason, message: str) -> Decoded:
    empty = parse_record_schema(reader).arrow_schema().empty_table()
    return Decoded(empty, np.empty(0, np.int64), [Bad(index, reason, message) for index in indices.tolist()])
