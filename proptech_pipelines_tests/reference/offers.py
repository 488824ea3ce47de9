"""What a property was at a moment, as its listings and the steps of its life say that count by then."""

from dataclasses import dataclass

from proptech_pipelines_tests.reference.arithmetic import DAY_MS
from proptech_pipelines_tests.reference.settled import counts
from proptech_pipelines_tests.reference.staging import Staged

LISTINGS, EVENTS = "property-listings", "property-events"
LISTED_FOR_MS = 365 * DAY_MS
OPENING = ("LISTED", "PRICE_REDUCED")
CLOSING = ("PENDING", "SOLD", "WITHDRAWN")


@dataclass(frozen=True)
class Home:
    """A property at a moment."""

    property_id: str
    zip_code: str | None
    bedrooms: int
    price: int
    is_open: bool


def home_at(records: list[Staged], property_id: str, at_ms: int) -> Home | None:
    """The property at `at_ms`; None where no listing of the 365 days before counts."""
    own = [
        record
        for record in records
        if record.topic in (LISTINGS, EVENTS)
        and record.text("propertyId") == property_id
        and counts(record, at_ms)
        and (record.topic == LISTINGS or record.text("eventType") in (*OPENING, *CLOSING))
    ]
    listings = [record for record in own if record.topic == LISTINGS]
    if not listings:
        return None
    listing = max(listings, key=lambda record: record.order)
    if at_ms > listing.event_time_ms + LISTED_FOR_MS:
        return None
    latest = max(own, key=lambda record: record.order)
    price = latest.integer_or_none("price")
    zip_code = (listing.value or {}).get("zipCode")
    return Home(
        property_id,
        None if zip_code is None else str(zip_code),
        listing.integer("bedrooms"),
        listing.integer("price") if price is None else price,
        latest.topic == LISTINGS or latest.text("eventType") in OPENING,
    )
