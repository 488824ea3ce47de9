"""Windows of one hour with a grace of one hour: what is late for them, and when they are decided for good."""

from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, moment
from proptech_pipelines_tests.reference.log import Row
from proptech_pipelines_tests.reference.staging import Staged

GRACE_MS = HOUR_MS


def is_late(row: Staged, start_ms: int) -> bool:
    """Whether the row missed the window that begins at `start_ms`: end + grace <= its own stream time."""
    return lateness_ms(row, start_ms) >= 0


def lateness_ms(row: Staged, start_ms: int) -> int:
    """How far its own stream time is past the end of that window and the grace."""
    return row.stream_time_ms - (start_ms + HOUR_MS + GRACE_MS)


def is_final(start_ms: int, least_stream_time_ms: int | None) -> bool:
    """Whether no partition can bring a row in time for that window any more."""
    return least_stream_time_ms is not None and start_ms + HOUR_MS + GRACE_MS <= least_stream_time_ms


def late_row(row: Staged, place: Row, start_ms: int) -> Row:
    """The row of a table of late rows; `place` names the window besides its start."""
    return {
        "kafka_partition": row.partition,
        "kafka_offset": row.offset,
        **place,
        "event_time": moment(row.event_time_ms),
        "window_start": moment(start_ms),
        "window_end": moment(start_ms + HOUR_MS),
        "stream_time_ms": row.stream_time_ms,
        "lateness_ms": lateness_ms(row, start_ms),
    }
