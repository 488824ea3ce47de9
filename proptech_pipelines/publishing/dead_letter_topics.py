"""Dead letters as messages of each topic's dead-letter topic: raw bytes, and headers as Kafka Streams 4.2 sets them."""

from collections.abc import Iterator

from proptech_pipelines.contracts.topics import INPUT_TOPICS, topic
from proptech_pipelines.kafka.records import Headers
from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.publishing.outbox import Outbox

NAME = "dead-letters"
_LETTERS = """
    select topic, kafka_partition, kafka_offset, kafka_timestamp_ms, key, value, headers, stage, reason, message,
        schema_id, schema_guid
    from dead_letter_records
    where commit_number > {low} and commit_number <= {high}
    order by commit_number, topic, kafka_partition, kafka_offset"""


def dead_letters_outbox() -> Outbox:
    """The outbox of all dead-letter topics, in the order of the ingest's transactions; those redriven by now too."""
    return Outbox(NAME, INGEST, INPUT_TOPICS[0].dead_letter_topic, _read)


def _read(con: Connection, low: int, high: int) -> Iterator[Message]:
    for row in con.execute(_LETTERS.format(low=low, high=high)).fetchall():
        name, _, _, _, key, value, headers, *_ = row
        original = [(item["name"], item["value"]) for item in headers or ()]
        yield Message(topic(name).dead_letter_topic, key, value, [*original, *context(row)], partition=0)


def context(row: tuple[object, ...]) -> Headers:
    """The headers of a dead letter.

    `row` is topic, partition, offset, Kafka timestamp, key, value, headers, stage, reason, message, schema id and GUID.
    """
    name, partition, offset, timestamp, _, _, _, stage, reason, message, schema_id, schema_guid = row
    fields = {
        "__streams.errors.exception": reason,
        "__streams.errors.message": message,
        "__streams.errors.topic": name,
        "__streams.errors.partition": partition,
        "__streams.errors.offset": offset,
        "original_timestamp": timestamp,
        "stage": stage,
        "schema_id": schema_guid if schema_id is None else schema_id,
    }
    return [(header, str(value).encode()) for header, value in fields.items() if value is not None]
