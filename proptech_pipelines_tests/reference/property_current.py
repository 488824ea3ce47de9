"""`property_current`: the state of each property after all of its steps."""

from collections import defaultdict

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.property_days import is_asking, is_place, is_status, last
from proptech_pipelines_tests.reference.property_history import place, steps
from proptech_pipelines_tests.reference.staging import Staged


def rows(log: Log) -> list[Row]:
    """One row for each property with a step. Nothing is late: a step counts at its event time whenever it comes."""
    groups: defaultdict[str, list[Staged]] = defaultdict(list)
    for step in steps(log):
        groups[step.text("propertyId")].append(step)
    return [_state(property_id, group) for property_id, group in groups.items()]


def _state(property_id: str, group: list[Staged]) -> Row:
    status, asking, where = last(group, is_status), last(group, is_asking), last(group, is_place)
    listing = last(group, lambda step: step.text("eventType") == "LISTED")
    is_sold = status is not None and status.text("eventType") == "SOLD"
    return {
        "property_id": property_id,
        "status": "unknown" if status is None else status.text("eventType").lower(),
        "status_since": None if status is None else moment(status.event_time_ms),
        "listed_at": None if listing is None else moment(listing.event_time_ms),
        "list_price": None if listing is None else listing.integer_or_none("price"),
        "asking_price": None if asking is None else asking.integer_or_none("price"),
        "asking_since": None if asking is None else moment(asking.event_time_ms),
        "sold_price": status.integer_or_none("price") if status is not None and is_sold else None,
        "reductions": sum(step.text("eventType") == "PRICE_REDUCED" for step in group),
        "steps": len(group),
        "first_event_at": moment(group[0].event_time_ms),
        "last_event_at": moment(group[-1].event_time_ms),
        **({"zip_code": None, "state_code": None} if where is None else place(where)),
    }
