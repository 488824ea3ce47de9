"""`recommendation_late`: records that missed moments for which they would have counted."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.personalized_recommendations import PROFILES, TOPICS, VIEWS
from proptech_pipelines_tests.reference.settled import WAIT_MS
from proptech_pipelines_tests.reference.staging import Staged, staged


def rows(log: Log) -> list[Row]:
    """One row for each record whose own stream time is past its event time by more than the wait."""
    return [
        _row(record)
        for record in staged(log)
        if record.topic in TOPICS and record.stream_time_ms > record.event_time_ms + WAIT_MS
    ]


def _row(record: Staged) -> Row:
    counts_from_ms = record.stream_time_ms - WAIT_MS
    return {
        "topic": record.topic,
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "key": _key(record),
        "event_time": moment(record.event_time_ms),
        "window_start": moment(record.event_time_ms),
        "window_end": moment(counts_from_ms),
        "stream_time_ms": record.stream_time_ms,
        "lateness_ms": counts_from_ms - record.event_time_ms,
    }


def _key(record: Staged) -> str | None:
    if record.value is None:
        return record.key
    return record.text("userId" if record.topic in (VIEWS, PROFILES) else "propertyId")
