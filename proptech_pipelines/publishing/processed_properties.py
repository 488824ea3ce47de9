"""Rows of processed_properties as messages of topic processed-properties, each listing once."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_table
from proptech_pipelines.publishing.outbox import Outbox

TOPIC = "processed-properties"
FAMILY = "processed_properties"
# Days that were derived again are left out: a backfill publishes nothing.
_ROWS = """
    select * exclude (commit_number)
    from {table}
    where commit_number > {low} and commit_number <= {high} and commit_number not in (
        select commit_number from ledger where writer = '{family}' and is_quiet
    )
    order by commit_number, topic_id, kafka_partition, kafka_offset"""


def processed_properties_outbox(serialize: Callable[[dict[str, Any]], bytes]) -> Outbox:
    """The outbox; `serialize` makes the wire format's value of a ProcessedProperty."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        found = con.execute(
            _ROWS.format(table=live_table(con, "processed_properties"), family=FAMILY, low=low, high=high)
        )
        names = [column[0] for column in found.description]
        for values in found.fetchall():
            value = processed_property(dict(zip(names, values, strict=True)))
            key = value["propertyId"].encode()
            partition = partition_of(value["stateCode"], key, OUTPUT_TOPICS[TOPIC])
            yield Message(TOPIC, key, serialize(value), partition=partition)

    return Outbox(TOPIC, FAMILY, TOPIC, read)


def processed_property(row: dict[str, Any]) -> dict[str, Any]:
    """The ProcessedProperty of a row of processed_properties."""
    coordinates = (row["topic_id"], row["kafka_partition"], row["kafka_offset"])
    return {
        "messageId": message_id("processed_properties", coordinates),
        "propertyId": row["property_id"],
        "price": row["price"],
        "pricePerSquareFootCents": row["price_per_square_foot_cents"],
        "bedrooms": row["bedrooms"],
        "bathrooms": float(row["bathrooms"]),
        "squareFootage": row["square_footage"],
        "zipCode": row["zip_code"],
        "stateCode": row["state_code"],
        "city": row["city"],
        "propertyType": row["property_type"],
        "latitude": _degrees(row["latitude_e6"]),
        "longitude": _degrees(row["longitude_e6"]),
        "listedAt": row["event_time"].replace(tzinfo=UTC),
        "listingTopicId": row["topic_id"],
        "listingPartition": row["kafka_partition"],
        "listingOffset": row["kafka_offset"],
    }


def message_id(table: str, coordinates: tuple[str, int, int]) -> str:
    """The id of one message: a hash of table, topic id, partition and offset, 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps([table, *coordinates]).encode()).hexdigest()[:32]


def _degrees(millionths: int | None) -> float | None:
    return None if millionths is None else millionths / 1_000_000
