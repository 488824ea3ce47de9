"""Messages of an outbox, read again with the topic's schema."""

import io
import json

import fastavro

from proptech_pipelines.contracts.topics import schema_text

PREFIX = b"\0\0\0\0\7"


def prefix(topic: str) -> bytes:
    """The bytes before each value, as if the registry's id were 7."""
    return PREFIX


def decoded(message) -> dict:
    """The fields of `message`, whose value must hold nothing behind them."""
    schema = fastavro.parse_schema(json.loads(schema_text(message.topic)))
    assert message.value.startswith(PREFIX)
    content = io.BytesIO(message.value[len(PREFIX) :])
    fields = fastavro.schemaless_reader(content, schema, None)
    assert content.read() == b""
    return fields
