"""`property_history`: the audit trail, a row for each step in the life of a property."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.staging import Staged, staged

PROPERTY_EVENTS = "property-events"
_WORDS = {
    "LISTED": "listed",
    "PRICE_REDUCED": "reduced",
    "PENDING": "pending",
    "SOLD": "sold",
    "WITHDRAWN": "withdrawn",
    "UNKNOWN": "an unknown step",
}


def rows(log: Log) -> list[Row]:
    """One row for each record, in the words of that record alone. Nothing is late here."""
    return [
        {
            "property_id": step.text("propertyId"),
            "event_time": moment(step.event_time_ms),
            "event_type": step.text("eventType"),
            "price": step.integer_or_none("price"),
            "story": _story(step),
            **place(step),
            "kafka_partition": step.partition,
            "kafka_offset": step.offset,
        }
        for step in steps(log)
    ]


def steps(log: Log) -> list[Staged]:
    """The steps of all properties in the total order of records."""
    return sorted((row for row in staged(log) if row.topic == PROPERTY_EVENTS), key=lambda row: row.order)


def place(step: Staged) -> Row:
    """Zip code and state of a step, each null where it names none."""
    value = step.value or {}
    return {"zip_code": value.get("zipCode"), "state_code": value.get("stateCode")}


def _story(step: Staged) -> str:
    kind, price = step.text("eventType"), step.integer_or_none("price")
    if price is None:
        return _WORDS[kind]
    return f"{_WORDS[kind]} {'to' if kind == 'PRICE_REDUCED' else 'at'} {price:,}"
