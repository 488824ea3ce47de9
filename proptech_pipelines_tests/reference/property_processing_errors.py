"""`property_processing_errors`: the listings that break rules, with all the rules that they break."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.listing_rules import broken_rules, listings
from proptech_pipelines_tests.reference.log import Log, Row


def rows(log: Log) -> list[Row]:
    """One row for each listing that breaks a rule."""
    return [
        {
            "property_id": row.text("propertyId"),
            "price": row.integer("price"),
            "zip_code": (row.value or {}).get("zipCode"),
            "state_code": (row.value or {}).get("stateCode"),
            "broken_rules": ",".join(rules),
            "event_time": moment(row.event_time_ms),
            "kafka_partition": row.partition,
            "kafka_offset": row.offset,
        }
        for row in listings(log)
        if (rules := broken_rules(row.value or {}))
    ]
