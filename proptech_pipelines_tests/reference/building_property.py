"""Short ways to write the life of a property by hand: moments are ISO texts in UTC, sent when they happened."""

from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.log import Event


def step(
    offset: int,
    occurred_at: str,
    kind: str,
    price: int | None = None,
    *,
    partition: int = 0,
    name: str = "P1",
    zip_code: str | None = "95814",
) -> Event:
    """A step in the life of property `name`."""
    at_ms = milliseconds(occurred_at)
    value: dict[str, object] = {
        "propertyId": name,
        "eventType": kind,
        "price": price,
        "zipCode": zip_code,
        "stateCode": "CA",
        "occurredAt": at_ms,
    }
    return Event("property-events", partition, offset, at_ms, value)


def listing(
    offset: int,
    listed_at: str,
    *,
    partition: int = 0,
    name: str = "P1",
    price: int = 500_000,
    bedrooms: int = 3,
    bathrooms: float = 2.0,
    city: str | None = "Sacramento",
    property_type: str | None = "Residential",
) -> Event:
    """A listing of property `name`, in zip code 95814."""
    at_ms = milliseconds(listed_at)
    value: dict[str, object] = {
        "propertyId": name,
        "price": price,
        "bedrooms": bedrooms,
        "bathrooms": bathrooms,
        "squareFootage": 1_500,
        "zipCode": "95814",
        "stateCode": "CA",
        "city": city,
        "propertyType": property_type,
        "listedAt": at_ms,
    }
    return Event("property-listings", partition, offset, at_ms, value)
