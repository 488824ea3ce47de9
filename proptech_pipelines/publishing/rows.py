"""Rows as messages: the columns of a query are the fields of the topic's schema."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from proptech_pipelines.contracts.avro_values import values_of
from proptech_pipelines.contracts.topics import OUTPUT_TOPICS, schema_fields
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.kafka.transactional import Message

Prefix = Callable[[str], bytes]
"""The bytes before each value of a topic, by its name: the registry's id of its schema."""
_ENCODE = json.JSONEncoder().encode
"""What a message's id is a hash of is a JSON array; written by hand, a number takes a tenth of the time."""


def messages(topic: str, rows: pa.Table, prefix: Prefix, key: str) -> Iterator[Message]:
    """Each row as a message of `topic`, keyed by the field `key` and routed by `stateCode`."""
    if not len(rows):
        return
    partitions = OUTPUT_TOPICS[topic]
    keys, states = rows[key].to_pylist(), rows["stateCode"].to_pylist()
    values = values_of(schema_fields(topic), prefix(topic), rows)
    for name, state, value in zip(keys, states, values, strict=True):
        encoded = name.encode()
        yield Message(topic, encoded, value, partition=partition_of(state, encoded, partitions))


def with_ids(rows: pa.Table, field: str, table: str, parts: Iterable[str]) -> pa.Table:
    """`rows` with the ids of their messages as `field`, made of `table` and the columns `parts`."""
    columns = [rows[name].to_pylist() for name in parts]
    return rows.append_column(
        field, pa.array([message_id(table, *row) for row in zip(*columns, strict=True)])
    )


def message_id(table: str, *parts: str | int) -> str:
    """The id of one message: a hash of the table and of what tells the message apart, 32 hexadecimal digits."""
    text = ", ".join([_ENCODE(part) if isinstance(part, str) else str(part) for part in (table, *parts)])
    return hashlib.sha256(f"[{text}]".encode()).hexdigest()[:32]
