"""The stream time that every partition of some topics has reached: what is decided once waits for it."""

from collections.abc import Collection

from proptech_pipelines_tests.reference.log import Idle, Log
from proptech_pipelines_tests.reference.staging import staged


def least_stream_time_ms(log: Log, topics: Collection[str]) -> int | None:
    """The least over all partitions of `topics` at the end of the log.

    None while a partition has had neither a row nor an idle entry, or a topic no partition.
    """
    times_ms: dict[tuple[str, int], list[int]] = {
        (entry.topic, entry.partition): [] for entry in log if entry.topic in topics
    }
    for row in staged(log):
        if row.topic in topics:
            times_ms[row.topic, row.partition].append(row.stream_time_ms)
    for entry in log:
        if isinstance(entry, Idle) and entry.topic in topics:
            times_ms[entry.topic, entry.partition].append(entry.stream_time_ms)
    if {topic for topic, _ in times_ms} != set(topics) or not all(times_ms.values()):
        return None
    return min(max(times) for times in times_ms.values())
