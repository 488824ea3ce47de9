"""Wrong about which rules a listing breaks, and about the normal form of its fields."""

from itertools import count

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference import Event
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

CHECKS = "dbt_like_sql/processing/property_listing_checks.sql"
PLACES = "dbt_like_sql/processing/property_listing_places.sql"
PROCESSED = "dbt_like_sql/processing/processed_properties.sql"
ERRORS = "dbt_like_sql/processing/property_processing_errors.sql"
NOON_MS = milliseconds("2024-05-01T12:00:00")
_FIELDS: tuple[dict[str, object], ...] = (
    {},
    {"bedrooms": 0, "bathrooms": 20.0, "squareFootage": 100, "price": 500},
    {"bedrooms": 20, "squareFootage": 100_000, "price": 10**9},
    {"bedrooms": 21, "squareFootage": 99},
    {"bathrooms": 20.5, "squareFootage": 100_001},
    {"bathrooms": 2.25, "price": 4_999},
    {"price": 10_000_001},
    {"zipCode": None, "stateCode": None},
    {"stateCode": "AR", "latitude": None},
    {"zipCode": "06390", "stateCode": "NY"},
    {"latitude": 17.5, "longitude": -64.5},
    {"latitude": 17.499999},
    {"latitude": 30.0000006, "longitude": -97.0000006},
    {"latitude": -14.3, "longitude": -170.7},
    {"squareFootage": 999, "price": 300_000},
    {"squareFootage": 0},
    {"squareFootage": None, "latitude": None, "longitude": None, "city": None, "propertyType": None},
    {"city": " elk_grove ", "propertyType": "Multi-Family"},
    {"propertyType": "Castle"},
)


def listings() -> Batches:
    """Listings on the bounds of every rule and just beyond, in two batches."""
    offsets = count()
    events = [_listing(next(offsets), fields) for fields in _FIELDS]
    return [[*events[:7]], [*events[7:]]]


def _listing(offset: int, fields: dict[str, object]) -> Event:
    value: dict[str, object] = {
        "propertyId": "home-1",
        "price": 300_000,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "squareFootage": 1_000,
        "zipCode": "78701",
        "stateCode": "TX",
        "city": "AUSTIN",
        "propertyType": "Condo",
        "latitude": 30.25,
        "longitude": -97.75,
        "listedAt": NOON_MS,
    }
    return Event("property-listings", 0, offset, NOON_MS, {**value, **fields})


def _wrong(name: str, find: str, replace: str, file: str = CHECKS) -> WrongVariant:
    return WrongVariant(name, file, find, replace, listings, families=("processed_properties",))


PROCESSED_PROPERTIES = (
    _wrong("20 bedrooms are too many", "bedrooms > 20", "bedrooms >= 20"),
    _wrong("20 bathrooms are too many", "bathrooms > 20 or", "bathrooms >= 20 or"),
    _wrong("quarters of bathrooms pass", " or cast(bathrooms as double) % 0.5 <> 0", ""),
    _wrong("100 square feet are too few", "square_footage < 100 ", "square_footage <= 100 "),
    _wrong("100,000 square feet are too many", "square_footage > 100000", "square_footage >= 100000"),
    _wrong("5 dollars a square foot are too few", "price < 5 *", "price <= 5 *"),
    _wrong("10,000 dollars a square foot are too many", "price > 10000 *", "price >= 10000 *"),
    _wrong("no living area has a price by it", "when square_footage >= 1\n", "when square_footage >= 0\n"),
    _wrong("the southern end is outside", "latitude >= 17.5", "latitude > 17.5"),
    _wrong("Samoa is outside", "not (latitude >= -15 ", "not (latitude >= 15 "),
    _wrong("half a pair of coordinates passes", "(latitude is null) <> (longitude is null)", "false"),
    _wrong("only the first rule is named", "concat_ws(\n        ',',", "coalesce("),
    _wrong("rules are between blanks", "concat_ws(\n        ',',", "concat_ws(\n        ', ',"),
    _wrong("any type passes", "then 'property_type_unknown'", "then null"),
    _wrong(
        "types keep their hyphens",
        "trim(property_type), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ- ', 'abcdefghijklmnopqrstuvwxyz__'\n",
        "property_type, 'A', 'a'\n",
    ),
    _wrong("cities keep their blanks", "trim(translate(city,", "(translate(city,"),
    _wrong("millionths are cut off", "floor(latitude * 1000000 + 0.5)", "trunc(latitude * 1000000)"),
    _wrong(
        "millionths are cut off below zero",
        "floor(longitude * 1000000 + 0.5)",
        "trunc(longitude * 1000000 + 0.5)",
    ),
    _wrong("a state's range is one too long", "'06389' then 'CT'", "'06390' then 'CT'", PLACES),
    _wrong(
        "cents are rounded up",
        "(price * 100) // square_footage",
        "(price * 100 + square_footage - 1) // square_footage",
        PROCESSED,
    ),
    _wrong(
        "listings that break rules are processed",
        "where broken_rules = ''",
        "where bathrooms is not null",
        PROCESSED,
    ),
    _wrong(
        "listings that break one rule are no errors", "broken_rules <> ''", "broken_rules like '%,%'", ERRORS
    ),
    _wrong("listings that break no rule are errors", "where broken_rules <> ''", "where price > 0", ERRORS),
)
