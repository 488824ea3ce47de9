"""Changes of table enriched_listings as messages of topic enriched-properties: the whole row, new or corrected."""

from collections.abc import Iterator

from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_tables
from proptech_pipelines.publishing.outbox import Outbox
from proptech_pipelines.publishing.rows import Prefix, messages, with_ids

TOPIC = "enriched-properties"
FAMILY = "enriched_listings"
IDENTITY = ("listingTopicId", "listingPartition", "listingOffset", "revision")
"""What tells a message apart."""
# Days that were derived again are left out: a backfill publishes nothing.
# A row changes only when a version comes at or before its event time, so counting these gives revisions that rise,
# and the same ones however the log was cut. Counted here, since a version that changes no row would change a column.
_CHANGES = """
    with changes as (
        select changed.*, ledger.input_commit
        from {listings} as changed
        inner join ledger on ledger.writer = '{family}' and ledger.commit_number = changed.commit_number
        where changed.commit_number > {low} and changed.commit_number <= {high} and sign > 0 and not is_quiet
            and ledger.commit_number > {low} and ledger.commit_number <= {high}
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
    select 1 + versions as revision, property_id as propertyId, price, bedrooms, cast(bathrooms as double) as bathrooms,
        square_footage as squareFootage, zip_code as zipCode, state_code as stateCode, city,
        property_type as propertyType, energy_rating as energyRating, latitude_e6 / 1000000 as latitude,
        longitude_e6 / 1000000 as longitude, epoch_ms(event_time) as listedAt, has_neighborhood as hasNeighborhood,
        neighborhood_name as neighborhoodName, neighborhood_county as neighborhoodCounty,
        neighborhood_state_code as neighborhoodStateCode, neighborhood_median_price as neighborhoodMedianPrice,
        neighborhood_walk_score as neighborhoodWalkScore, neighborhood_school_rating as neighborhoodSchoolRating,
        epoch_ms(neighborhood_event_time) as neighborhoodMeasuredAt,
        price_per_square_foot_cents as pricePerSquareFootCents, price_to_median_ppb / 10000000 as priceToMedianPercent,
        topic_id as listingTopicId, kafka_partition as listingPartition, kafka_offset as listingOffset
    from changes inner join revisions using (commit_number, topic_id, kafka_partition, kafka_offset)
    order by commit_number, event_time, topic_epoch, kafka_partition, kafka_offset"""


def enriched_properties_outbox(prefix: Prefix) -> Outbox:
    """The outbox of listings with their neighborhoods."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        (listings,) = live_tables(con, FAMILY)
        sql = _CHANGES.format(listings=listings, family=FAMILY, low=low, high=high)
        rows = con.execute(sql).to_arrow_table()
        return messages(TOPIC, with_ids(rows, "messageId", FAMILY, IDENTITY), prefix, "propertyId")

    return Outbox(TOPIC, FAMILY, TOPIC, read)
