"""`property_analytics`: the hourly figures of each state that no row can change any more."""

from datetime import datetime, timedelta

from proptech_pipelines_tests.reference import analytics_windows
from proptech_pipelines_tests.reference.analytics_windows import TOPICS
from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, moment
from proptech_pipelines_tests.reference.hours import GRACE_MS
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.readmissions import without
from proptech_pipelines_tests.reference.stream_times import least_stream_time_ms


def rows(log: Log) -> list[Row]:
    """The rows of `analytics_windows` of which every partition's stream time has reached end and grace."""
    least_ms = least_stream_time_ms(log, TOPICS)
    found: list[Row] = []
    for window in analytics_windows.rows(without(log)):
        start = window["window_start"]
        assert isinstance(start, datetime)
        end = start + timedelta(milliseconds=HOUR_MS)
        if least_ms is not None and end + timedelta(milliseconds=GRACE_MS) <= moment(least_ms):
            found.append({**window, "window_end": end, "last_moment": end - timedelta(milliseconds=1)})
    return found
