"""The log as the reference sees it: decoded records, idle entries and re-admissions, in the order of arrival.

Within a partition offsets ascend and an idle entry stands before the records that it concerns. How the
partitions are interleaved means nothing: no table may depend on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PRICE_CHANGES = "property-price-changes"
MARKET_DATA = "market-data"


@dataclass(frozen=True)
class Event:
    """One record. `value` has Avro field names, timestamps as milliseconds; None is a tombstone of its `key`.

    One that is redriven was a dead letter first, under a schema that nobody knew when it came.
    """

    topic: str
    partition: int
    offset: int
    kafka_timestamp_ms: int
    value: dict[str, object] | None
    key: str | None = None
    is_redriven: bool = False


@dataclass(frozen=True)
class Idle:
    """Raises the partition's stream time to `stream_time_ms` for records with `offset >= at_offset`."""

    topic: str
    partition: int
    at_offset: int
    stream_time_ms: int


@dataclass(frozen=True)
class Readmit:
    """Re-admits the record at that place, which stands before it, to the fold `table`.

    The record counts from here on in the windows of `table` that it had missed, if there are any.
    """

    table: str
    topic: str
    partition: int
    offset: int


Entry = Event | Idle | Readmit
Log = Sequence[Entry]
Row = dict[str, object]


@dataclass(frozen=True)
class TopicRule:
    """How a topic's records are read: `rank` orders records of equal event time across topics.

    A tombstone with a key is the version "none" where `is_table`, else a dead letter.
    """

    rank: int
    event_time_field: str
    is_table: bool = False


TOPIC_RULES: dict[str, TopicRule] = {
    "neighborhood-data": TopicRule(0, "updatedAt", is_table=True),
    "user-profiles": TopicRule(1, "updatedAt", is_table=True),
    "property-listings": TopicRule(2, "listedAt"),
    PRICE_CHANGES: TopicRule(3, "changedAt"),
    "property-views": TopicRule(4, "viewedAt"),
    "property-events": TopicRule(5, "occurredAt"),
    "property-updates": TopicRule(6, "updatedAt"),
    "user-interactions": TopicRule(7, "occurredAt"),
    MARKET_DATA: TopicRule(8, "reportedAt"),
}
