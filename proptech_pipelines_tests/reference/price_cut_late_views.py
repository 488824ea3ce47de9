"""`price_cut_late_views`: the views that came too late to clear a price cut."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.price_cut_first_views import (
    WATCHED_FOR_MS,
    is_too_late,
    is_within,
    lateness_ms,
)
from proptech_pipelines_tests.reference.price_reductions import reductions, views
from proptech_pipelines_tests.reference.staging import Staged


def rows(log: Log) -> list[Row]:
    """One row for each view and each cut that it would have cleared, had it come in time."""
    cuts = reductions(log)
    return [
        _late(cut, view)
        for view in views(log)
        for cut in cuts
        if is_within(cut, view) and is_too_late(cut, view)
    ]


def _late(cut: Staged, view: Staged) -> Row:
    return {
        "property_id": view.text("propertyId"),
        "user_id": view.text("userId"),
        "event_time": moment(view.event_time_ms),
        "cut_at": moment(cut.event_time_ms),
        "watched_until": moment(cut.event_time_ms + WATCHED_FOR_MS),
        "stream_time_ms": view.stream_time_ms,
        "lateness_ms": lateness_ms(cut, view),
        "kafka_partition": view.partition,
        "kafka_offset": view.offset,
        "cut_kafka_partition": cut.partition,
        "cut_kafka_offset": cut.offset,
    }
