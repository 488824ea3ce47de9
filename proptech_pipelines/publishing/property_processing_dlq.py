"""Rows of property_processing_errors as messages of topic property-processing-dlq.

A message is the listing's record as it came, with the headers of a dead letter: stage `processing`, the first rule
broken as the exception, all of them in the message.
"""

from collections.abc import Iterator

from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_tables
from proptech_pipelines.publishing.dead_letter_topics import context
from proptech_pipelines.publishing.outbox import Outbox, loud
from proptech_pipelines.publishing.processed_properties import FAMILY

TOPIC = "property-processing-dlq"
STAGE = "processing"
# The bounds on offsets leave out most files of the log.
_RECORDS = """
    with errors as (
        select commit_number, topic_id, kafka_partition, kafka_offset, broken_rules
        from {table}
        where {loud}
    )
    select log.topic, kafka_partition, kafka_offset, log.kafka_timestamp_ms, log.key, log.value, log.headers,
        '{stage}', split_part(broken_rules, ',', 1), 'breaks ' || replace(broken_rules, ',', ', '),
        log.schema_id, log.schema_guid
    from errors inner join event_log as log using (topic_id, kafka_partition, kafka_offset)
    where kafka_offset >= {first_offset} and kafka_offset <= {last_offset}
    order by errors.commit_number, topic_id, kafka_partition, kafka_offset"""
_OFFSETS = """
    select min(kafka_offset), max(kafka_offset) from {table}
    where commit_number > {low} and commit_number <= {high}"""


def property_processing_dlq_outbox() -> Outbox:
    """The outbox of listings that break rules, in the order of their family's transactions."""
    return Outbox(TOPIC, FAMILY, TOPIC, _read)


def _read(con: Connection, low: int, high: int) -> Iterator[Message]:
    (table,) = live_tables(con, "property_processing_errors")
    first, last = con.execute(_OFFSETS.format(table=table, low=low, high=high)).fetchone() or (None, None)
    if first is None:
        return
    sql = _RECORDS.format(
        table=table, loud=loud(FAMILY, low, high), stage=STAGE, first_offset=first, last_offset=last
    )
    for row in con.execute(sql).fetchall():
        _, _, _, _, key, value, headers, *_ = row
        original = [(item["name"], item["value"]) for item in headers or ()]
        yield Message(TOPIC, key, value, [*original, *context(row)], partition=0)
