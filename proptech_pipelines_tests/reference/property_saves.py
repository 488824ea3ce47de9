"""`property_saves`: users put properties on their lists and take them off."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.price_drop_notifications import marks


def rows(log: Log) -> list[Row]:
    """One row for each interaction that saves a property or takes it back."""
    return [
        {
            "user_id": mark.text("userId"),
            "property_id": mark.text("propertyId"),
            "interaction_type": mark.text("interactionType"),
            "event_time": moment(mark.event_time_ms),
            "kafka_partition": mark.partition,
            "kafka_offset": mark.offset,
        }
        for mark in marks(log)
    ]
