"""Tumbling windows of one hour, half-open and aligned to the epoch, and what is late for them."""

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS
from proptech_pipelines_tests.reference.staging import Staged

WINDOW_MS = HOUR_MS
GRACE_MS = DAY_MS


def window_start_ms(row: Staged) -> int:
    """Start of the window of the row, included in it."""
    return row.event_time_ms - row.event_time_ms % WINDOW_MS


def window_end_ms(row: Staged) -> int:
    """End of the window of the row, excluded from it."""
    return window_start_ms(row) + WINDOW_MS


def lateness_ms(row: Staged) -> int:
    """How far the row's own stream time is past the end of its window and the grace; 0 is late, too."""
    return row.stream_time_ms - (window_end_ms(row) + GRACE_MS)


def is_late(row: Staged) -> bool:
    """Whether the row missed its window: `window_end + grace <= stream_time` of the row itself."""
    return lateness_ms(row) >= 0
