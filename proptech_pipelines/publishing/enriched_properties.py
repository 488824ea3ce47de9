"""Changes of table enriched_listings as messages of topic enriched-properties: the whole row, new or corrected."""

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

TOPIC = "enriched-properties"
FAMILY = "enriched_listings"
# Days that were derived again are left out: a backfill publishes nothing.
# A row changes only when a version comes at or before its event time, so counting these gives revisions that rise,
# and the same ones however the log was cut. Counted here, since a version that changes no row would change a column.
_CHANGES = """
    with changes as (
        select changed.*, ledger.input_commit
        from {listings} as changed
        inner join ledger on ledger.writer = '{family}' and ledger.commit_number = changed.commit_number
        where changed.commit_number > {low} and changed.commit_number <= {high} and sign > 0 and not is_quiet
    ),
    versions as (
        select case when is_tombstone then record_key else zip_code end as zip_code, event_time, commit_number
        from stg_neighborhood_data
    ),
    revisions as (
        select changes.commit_number, topic_id, kafka_partition, kafka_offset, count(versions.zip_code) as versions
        from changes left join versions
            on versions.zip_code = changes.zip_code and versions.event_time <= changes.event_time
            and versions.commit_number <= changes.input_commit
        group by all
    )
    select changes.*, 1 + versions as revision
    from changes inner join revisions using (commit_number, topic_id, kafka_partition, kafka_offset)
    order by commit_number, event_time, topic_epoch, kafka_partition, kafka_offset"""


def enriched_properties_outbox(serialize: Callable[[dict[str, Any]], bytes]) -> Outbox:
    """The outbox; `serialize` makes the wire format's value of an EnrichedProperty."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        found = con.execute(
            _CHANGES.format(listings=live_table(con, FAMILY), family=FAMILY, low=low, high=high)
        )
        names = [column[0] for column in found.description]
        for values in found.fetchall():
            value = enriched_property(dict(zip(names, values, strict=True)))
            key = value["propertyId"].encode()
            partition = partition_of(value["stateCode"], key, OUTPUT_TOPICS[TOPIC])
            yield Message(TOPIC, key, serialize(value), partition=partition)

    return Outbox(TOPIC, FAMILY, TOPIC, read)


def enriched_property(row: dict[str, Any]) -> dict[str, Any]:
    """The EnrichedProperty of a row of enriched_listings and its revision."""
    coordinates = (row["topic_id"], row["kafka_partition"], row["kafka_offset"])
    measured_at = row["neighborhood_event_time"]
    return {
        "messageId": message_id("enriched_listings", coordinates, row["revision"]),
        "revision": row["revision"],
        "propertyId": row["property_id"],
        "price": row["price"],
        "bedrooms": row["bedrooms"],
        "bathrooms": _divided(row["bathrooms"], 1),
        "squareFootage": row["square_footage"],
        "zipCode": row["zip_code"],
        "stateCode": row["state_code"],
        "city": row["city"],
        "propertyType": row["property_type"],
        "energyRating": row["energy_rating"],
        "latitude": _divided(row["latitude_e6"], 1_000_000),
        "longitude": _divided(row["longitude_e6"], 1_000_000),
        "listedAt": row["event_time"].replace(tzinfo=UTC),
        "hasNeighborhood": row["has_neighborhood"],
        "neighborhoodName": row["neighborhood_name"],
        "neighborhoodCounty": row["neighborhood_county"],
        "neighborhoodStateCode": row["neighborhood_state_code"],
        "neighborhoodMedianPrice": row["neighborhood_median_price"],
        "neighborhoodWalkScore": row["neighborhood_walk_score"],
        "neighborhoodSchoolRating": row["neighborhood_school_rating"],
        "neighborhoodMeasuredAt": None if measured_at is None else measured_at.replace(tzinfo=UTC),
        "pricePerSquareFootCents": row["price_per_square_foot_cents"],
        "priceToMedianPercent": _divided(row["price_to_median_ppb"], 10_000_000),
        "listingTopicId": row["topic_id"],
        "listingPartition": row["kafka_partition"],
        "listingOffset": row["kafka_offset"],
    }


def message_id(table: str, coordinates: tuple[str, int, int], revision: int) -> str:
    """The id of one message: a hash of table, topic id, partition, offset and revision, 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps([table, *coordinates, revision]).encode()).hexdigest()[:32]


def _divided(value: Any, divisor: int) -> float | None:
    return None if value is None else float(value) / divisor
