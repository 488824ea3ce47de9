"""What counts for a moment, and which moments are decided (DESIGN 4, settled tables)."""

from collections.abc import Sequence

from proptech_pipelines_tests.reference.log import Idle, Log
from proptech_pipelines_tests.reference.staging import Partition, Staged, staged

WAIT_MS = 5 * 60_000


def counts(record: Staged, at_ms: int) -> bool:
    """Whether the record counts for the moment: not later than it, and not come too late for it."""
    return record.event_time_ms <= at_ms and record.stream_time_ms <= at_ms + WAIT_MS


def is_decided(log: Log, topics: Sequence[str], at_ms: int) -> bool:
    """Whether every partition of `topics` has passed the moment by more than the wait; each topic has one."""
    stream_times_ms = _stream_times_ms(log, topics)
    present = {topic for topic, _ in stream_times_ms}
    return present == set(topics) and all(
        time_ms is not None and time_ms > at_ms + WAIT_MS for time_ms in stream_times_ms.values()
    )


def _stream_times_ms(log: Log, topics: Sequence[str]) -> dict[Partition, int | None]:
    """Stream time of each partition at the end of the log, None before its first row or idle entry."""
    found: dict[Partition, int | None] = {
        (entry.topic, entry.partition): None for entry in log if entry.topic in topics
    }
    raised = [
        ((entry.topic, entry.partition), entry.stream_time_ms) for entry in log if isinstance(entry, Idle)
    ]
    raised += [((row.topic, row.partition), row.stream_time_ms) for row in staged(log)]
    for where, time_ms in raised:
        if where in found:
            found[where] = max(found[where] or 0, time_ms)
    return found
