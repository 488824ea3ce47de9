"""Rows of processed_properties as messages of topic processed-properties, each listing once."""

from collections.abc import Iterator

from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_tables
from proptech_pipelines.publishing.outbox import Outbox, loud
from proptech_pipelines.publishing.rows import Prefix, messages, with_ids

TOPIC = "processed-properties"
FAMILY = "processed_properties"
COORDINATES = ("listingTopicId", "listingPartition", "listingOffset")
_ROWS = """
    select property_id as propertyId, price, price_per_square_foot_cents as pricePerSquareFootCents, bedrooms,
        bathrooms, square_footage as squareFootage, zip_code as zipCode, state_code as stateCode, city,
        property_type as propertyType, latitude_e6 / 1000000 as latitude, longitude_e6 / 1000000 as longitude,
        epoch_ms(event_time) as listedAt, topic_id as listingTopicId, kafka_partition as listingPartition,
        kafka_offset as listingOffset
    from {table}
    where {loud}
    order by commit_number, topic_id, kafka_partition, kafka_offset"""


def processed_properties_outbox(prefix: Prefix) -> Outbox:
    """The outbox of listings that break no rule."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        (table,) = live_tables(con, "processed_properties")
        rows = con.execute(_ROWS.format(table=table, loud=loud(FAMILY, low, high))).to_arrow_table()
        return messages(
            TOPIC, with_ids(rows, "messageId", "processed_properties", COORDINATES), prefix, "propertyId"
        )

    return Outbox(TOPIC, FAMILY, TOPIC, read)
