"""`property_days`: what the steps of a day left of each property."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.property_history import place, steps
from proptech_pipelines_tests.reference.staging import Staged

STATUSES = ("LISTED", "PENDING", "SOLD", "WITHDRAWN")


def rows(log: Log) -> list[Row]:
    """One row for each property and day with a step; no `topic_epoch` but 1 in a log of the reference."""
    groups: defaultdict[tuple[str, datetime], list[Staged]] = defaultdict(list)
    for step in steps(log):
        day = moment(step.event_time_ms // DAY_MS * DAY_MS)
        groups[step.text("propertyId"), day].append(step)
    return [
        {"property_id": property_id, "day": day, **_left(group)}
        for (property_id, day), group in groups.items()
    ]


def is_status(step: Staged) -> bool:
    """Whether the step sets the status; a reduction and an unknown step leave it."""
    return step.text("eventType") in STATUSES


def is_asking(step: Staged) -> bool:
    """Whether the step names an asking price."""
    return step.text("eventType") in {"LISTED", "PRICE_REDUCED"} and step.integer_or_none("price") is not None


def is_place(step: Staged) -> bool:
    """Whether the step names a zip code or a state."""
    return any(value is not None for value in place(step).values())


def last(group: list[Staged], applies: Callable[[Staged], bool]) -> Staged | None:
    """The last step of an ordered group for which `applies` holds."""
    return next((step for step in reversed(group) if applies(step)), None)


def _left(group: list[Staged]) -> Row:
    status = last(group, is_status)
    listing = last(group, lambda step: step.text("eventType") == "LISTED")
    asking, where = last(group, is_asking), last(group, is_place)
    return {
        "steps": len(group),
        "reductions": sum(step.text("eventType") == "PRICE_REDUCED" for step in group),
        "first_event_at": moment(group[0].event_time_ms),
        "last_event_at": moment(group[-1].event_time_ms),
        "status_step": None
        if status is None
        else {**_at(status), "event_type": status.text("eventType"), **_price(status)},
        "listing_step": None if listing is None else {**_at(listing), **_price(listing)},
        "asking_step": None if asking is None else {**_at(asking), **_price(asking)},
        "place_step": None if where is None else {**_at(where), **place(where)},
    }


def _at(step: Staged) -> Row:
    return {
        "event_time": moment(step.event_time_ms),
        "topic_epoch": 1,
        "kafka_partition": step.partition,
        "kafka_offset": step.offset,
    }


def _price(step: Staged) -> Row:
    return {"price": step.integer_or_none("price")}
