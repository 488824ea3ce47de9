"""`late_events`: what came too late for a table, each with what it missed and whether it was re-admitted."""

from collections.abc import Callable, Iterator

from proptech_pipelines_tests.reference import (
    analytics_late,
    price_change_late,
    price_cut_late_views,
    recommendation_late,
    trending_late,
)
from proptech_pipelines_tests.reference.analytics_windows import events as analytics_events
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Log, Row
from proptech_pipelines_tests.reference.readmissions import readmitted
from proptech_pipelines_tests.reference.staging import Staged
from proptech_pipelines_tests.reference.trending_windows import events as trending_events

_COPIED = ("kafka_partition", "kafka_offset", "event_time", "stream_time_ms", "lateness_ms")
_ONE_TOPIC = {"price_change_windows": PRICE_CHANGES, "stale_price_cuts": "property-views"}


def rows(log: Log) -> list[Row]:
    """One row for each late row of each table."""
    found: list[Row] = []
    for table, key, late in (
        ("price_change_windows", "zip_code", price_change_late.rows(log)),
        ("personalized_recommendations", "key", recommendation_late.rows(log)),
        ("stale_price_cuts", "property_id", price_cut_late_views.rows(log)),
    ):
        found += [_row(log, table, str(row.get("topic") or _ONE_TOPIC[table]), row[key], row) for row in late]
    found += _of_topics(log, "trending_windows", "zip_code", trending_late.rows, trending_events(log))
    found += _of_topics(log, "analytics_windows", "state_code", analytics_late.rows, analytics_events(log))
    return found


def _of_topics(
    log: Log, table: str, key: str, late: Callable[[Log], list[Row]], events: list[Staged]
) -> Iterator[Row]:
    """Late rows do not name their topic, so those of each topic are asked for alone."""
    for topic in sorted({event.topic for event in events}):
        for row in late([entry for entry in log if entry.topic == topic]):
            yield _row(log, table, topic, row[key], row)


def _row(log: Log, table: str, topic: str, key: object, row: Row) -> Row:
    place = (topic, row["kafka_partition"], row["kafka_offset"])
    return {
        **{name: row[name] for name in _COPIED},
        "table_name": table,
        "topic": topic,
        "key": key,
        "window_start": row["cut_at"] if table == "stale_price_cuts" else row["window_start"],
        "window_end": row["watched_until"] if table == "stale_price_cuts" else row["window_end"],
        "is_readmitted": place in readmitted(log, table),
    }
