"""`enriched_listings`: each listing with what was known of its zip code at its event time (DESIGN 4)."""

from decimal import Decimal
from math import floor

from proptech_pipelines_tests.reference.arithmetic import change_ppb, moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.staging import Staged, staged

LISTINGS = "property-listings"
NEIGHBORHOODS = "neighborhood-data"


def rows(log: Log) -> list[Row]:
    """One row for each listing. Nothing is late here: the whole log counts, in whatever order it arrived."""
    all_rows = staged(log)
    versions = [row for row in all_rows if row.topic == NEIGHBORHOODS]
    return [_enriched(row, version_at(row, versions)) for row in all_rows if row.topic == LISTINGS]


def version_at(listing: Staged, versions: list[Staged]) -> Staged | None:
    """The version with the greatest order at or before the listing's; None for none, and for the version none."""
    zip_code = _text_or_none(listing, "zipCode")
    known = [row for row in versions if _zip_code(row) == zip_code and row.order < listing.order]
    last = max(known, key=lambda row: row.order, default=None)
    return None if last is None or last.value is None else last


def _zip_code(version: Staged) -> str | None:
    return version.key if version.value is None else version.text("zipCode")


def _enriched(listing: Staged, version: Staged | None) -> Row:
    return {
        "property_id": listing.text("propertyId"),
        "price": listing.integer("price"),
        "bedrooms": listing.integer("bedrooms"),
        "bathrooms": _bathrooms(_number_or_none(listing, "bathrooms")),
        "square_footage": listing.integer_or_none("squareFootage"),
        "zip_code": _text_or_none(listing, "zipCode"),
        "state_code": _text_or_none(listing, "stateCode"),
        "city": _text_or_none(listing, "city"),
        "property_type": _text_or_none(listing, "propertyType"),
        "energy_rating": _text_or_none(listing, "energyRating"),
        "latitude_e6": _millionths(_number_or_none(listing, "latitude"), 90),
        "longitude_e6": _millionths(_number_or_none(listing, "longitude"), 180),
        **_of_neighborhood(listing, version),
        "price_per_square_foot_cents": _cents_per_square_foot(listing),
        "has_listed_at": not listing.is_event_time_from_kafka,
        "event_time": moment(listing.event_time_ms),
        "kafka_partition": listing.partition,
        "kafka_offset": listing.offset,
    }


def _of_neighborhood(listing: Staged, version: Staged | None) -> Row:
    if version is None:
        return {"has_neighborhood": False, **dict.fromkeys(_NEIGHBORHOOD)}
    median = version.integer_or_none("medianPrice")
    found = (
        version.text("name"),
        _text_or_none(version, "county"),
        version.text("stateCode"),
        median,
        version.integer_or_none("walkScore"),
        version.integer_or_none("schoolRating"),
        moment(version.event_time_ms),
        listing.event_time_ms - version.event_time_ms,
        None if median is None else change_ppb(median, listing.integer("price")),
        version.partition,
        version.offset,
    )
    return {"has_neighborhood": True, **dict(zip(_NEIGHBORHOOD, found, strict=True))}


_NEIGHBORHOOD = (
    "neighborhood_name",
    "neighborhood_county",
    "neighborhood_state_code",
    "neighborhood_median_price",
    "neighborhood_walk_score",
    "neighborhood_school_rating",
    "neighborhood_event_time",
    "neighborhood_age_ms",
    "price_to_median_ppb",
    "neighborhood_partition",
    "neighborhood_offset",
)


def _cents_per_square_foot(listing: Staged) -> int | None:
    """Rounded down; there is no such price of no living area."""
    area = listing.integer_or_none("squareFootage")
    return listing.integer("price") * 100 // area if area else None


def _bathrooms(count: float | None) -> Decimal | None:
    """Whole or half ones; None from what would round to 1,000 on, which is no count of bathrooms."""
    return None if count is None or count >= 999.95 else Decimal(round(count * 2)) / 2


def _millionths(degrees: float | None, highest: int) -> int | None:
    """Degrees as millionths, rounded half up; None outside [-highest, highest]."""
    return None if degrees is None or abs(degrees) > highest else floor(degrees * 1_000_000 + 0.5)


def _text_or_none(row: Staged, field: str) -> str | None:
    value = (row.value or {}).get(field)
    return None if value is None else str(value)


def _number_or_none(row: Staged, field: str) -> float | None:
    value = (row.value or {}).get(field)
    return value if isinstance(value, int | float) else None
