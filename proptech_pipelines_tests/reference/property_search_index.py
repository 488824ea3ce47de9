"""`property_search_index`: a document for each property that can be bought."""

from datetime import datetime
from decimal import Decimal
from math import floor

from proptech_pipelines_tests.reference import property_current
from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.staging import Staged, staged

LISTINGS = "property-listings"


def rows(log: Log) -> list[Row]:
    """One row for each property that the trail says is listed or pending, with what its latest listing says."""
    listings = _latest_listings(log)
    return [
        _document(state, listings.get(str(state["property_id"])))
        for state in property_current.rows(log)
        if state["status"] in {"listed", "pending"}
    ]


def _latest_listings(log: Log) -> dict[str, Staged]:
    latest: dict[str, Staged] = {}
    for row in sorted((row for row in staged(log) if row.topic == LISTINGS), key=lambda row: row.order):
        latest[row.text("propertyId")] = row
    return latest


def _document(state: Row, listing: Staged | None) -> Row:
    value = (listing.value if listing else None) or {}
    asked = state["asking_price"]
    times = [state["last_event_at"], moment(listing.event_time_ms) if listing else None]
    return {
        "property_id": state["property_id"],
        "status": state["status"],
        "price": value.get("price") if asked is None else asked,
        "bedrooms": value.get("bedrooms"),
        "bathrooms": _halves(value.get("bathrooms")),
        "square_feet": value.get("squareFootage"),
        "property_type": value.get("propertyType"),
        "city": value.get("city"),
        "zip_code": state["zip_code"] if value.get("zipCode") is None else value["zipCode"],
        "state_code": state["state_code"] if value.get("stateCode") is None else value["stateCode"],
        "listed_at": state["listed_at"],
        "updated_at": max(time for time in times if isinstance(time, datetime)),
    }


def _halves(bathrooms: object) -> Decimal | None:
    """Cut down to whole and half ones, at most 999."""
    if not isinstance(bathrooms, int | float):
        return None
    return Decimal(floor(min(bathrooms, 999) * 2)) / 2
