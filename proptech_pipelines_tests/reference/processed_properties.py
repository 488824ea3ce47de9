"""`processed_properties`: the listings that break no rule, with their fields in normal form."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.listing_rules import (
    bathrooms_of,
    broken_rules,
    cents_per_square_foot,
    city_of,
    listings,
    millionths,
    property_type_of,
)
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.staging import Staged


def rows(log: Log) -> list[Row]:
    """One row for each listing that breaks no rule."""
    return [_processed(row) for row in listings(log) if not broken_rules(row.value or {})]


def _processed(row: Staged) -> Row:
    value = row.value or {}
    return {
        "property_id": row.text("propertyId"),
        "price": row.integer("price"),
        "price_per_square_foot_cents": cents_per_square_foot(value),
        "bedrooms": row.integer("bedrooms"),
        "bathrooms": bathrooms_of(value),
        "square_footage": row.integer_or_none("squareFootage"),
        "zip_code": row.text("zipCode"),
        "state_code": row.text("stateCode"),
        "city": city_of(value),
        "property_type": property_type_of(value),
        "latitude_e6": millionths(value, "latitude"),
        "longitude_e6": millionths(value, "longitude"),
        "event_time": moment(row.event_time_ms),
        "kafka_partition": row.partition,
        "kafka_offset": row.offset,
    }
