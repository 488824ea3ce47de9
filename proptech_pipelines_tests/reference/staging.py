"""Staging: which records count, their event time and their stream time (DESIGN 4).

Only what decoded values can show is judged here. What bytes show (magic byte, schema id, alignment, sizes)
is tested where bytes are decoded.
"""

from collections import defaultdict, deque
from dataclasses import dataclass

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, as_integer
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES, TOPIC_RULES, Event, Idle, Log

MAX_AHEAD_MS = DAY_MS
MAX_PRICE = 10**12
MAX_FOLD = 1000
MAX_MONTHS = 10**9

Partition = tuple[str, int]


@dataclass(frozen=True)
class Staged:
    """One typed row. `stream_time_ms` is the largest event time of its partition so far, itself included."""

    topic: str
    partition: int
    offset: int
    kafka_timestamp_ms: int
    event_time_ms: int
    is_event_time_from_kafka: bool
    stream_time_ms: int
    value: dict[str, object] | None
    key: str | None = None

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The total order of records: event time, topic rank, partition, offset."""
        return self.event_time_ms, TOPIC_RULES[self.topic].rank, self.partition, self.offset

    def text(self, field: str) -> str:
        """A field that is never null, as text."""
        return str((self.value or {})[field])

    def integer(self, field: str) -> int:
        """A field that is never null, as an integer."""
        return as_integer((self.value or {})[field])

    def integer_or_none(self, field: str) -> int | None:
        """A field that may be null or missing, as an integer."""
        value = (self.value or {}).get(field)
        return None if value is None else as_integer(value)


def staged(log: Log) -> list[Staged]:
    """The rows of the records that keep the contract, in the order of arrival."""
    rows: list[Staged] = []
    waiting = _idle_entries(log)
    stream_times_ms: dict[Partition, int] = {}
    for event in _events(log):
        where = event.topic, event.partition
        stream_time_ms = stream_times_ms.get(where, 0)
        while waiting[where] and waiting[where][0].at_offset <= event.offset:
            stream_time_ms = max(stream_time_ms, waiting[where].popleft().stream_time_ms)
        if event.is_redriven and not is_dead(event):
            # It moves no stream time but its own.
            rows.append(_stage(event, max(stream_time_ms, event_time_ms(event))))
        elif not is_dead(event):
            stream_time_ms = max(stream_time_ms, event_time_ms(event))
            rows.append(_stage(event, stream_time_ms))
        stream_times_ms[where] = stream_time_ms
    return rows


def dead(log: Log) -> list[Event]:
    """The records that break the contract, in the order of arrival. They move no stream time."""
    return [event for event in _events(log) if is_dead(event)]


def event_time_ms(event: Event) -> int:
    """The topic's event time field, or the Kafka timestamp where it is missing or null."""
    value = None if event.value is None else event.value.get(TOPIC_RULES[event.topic].event_time_field)
    return event.kafka_timestamp_ms if value is None else as_integer(value)


def is_dead(event: Event) -> bool:
    """Whether the record breaks the contract and dies in staging, before any model."""
    if event.value is None and not (TOPIC_RULES[event.topic].is_table and event.key):
        return True
    if not 0 <= event_time_ms(event) <= event.kafka_timestamp_ms + MAX_AHEAD_MS:
        return True
    check = _CHECKS.get(event.topic)
    return check is not None and event.value is not None and check(event.value)


def _is_impossible_price_change(value: dict[str, object]) -> bool:
    old, new = as_integer(value["oldPrice"]), as_integer(value["newPrice"])
    if _is_no_price(old) or _is_no_price(new):
        return True
    if new > MAX_FOLD * old or old > MAX_FOLD * new:
        return True
    zip_code = str(value["zipCode"])
    return not (len(zip_code) == 5 and zip_code.isascii() and zip_code.isdigit())


def _is_impossible_report(value: dict[str, object]) -> bool:
    median = value.get("medianPrice")
    counts = [value.get(name) for name in ("sales", "volume", "listings", "inventoryMonths")]
    return (
        (median is not None and _is_no_price(as_integer(median)))
        or any(isinstance(count, int | float) and count < 0 for count in counts)
        or (isinstance(counts[-1], int | float) and counts[-1] > MAX_MONTHS)
        or not 1 <= as_integer(value["month"]) <= 12
        or not 1970 <= as_integer(value["year"]) <= 9999
    )


def _is_no_price(price: int) -> bool:
    return not 1 <= price <= MAX_PRICE


_CHECKS = {PRICE_CHANGES: _is_impossible_price_change, MARKET_DATA: _is_impossible_report}


def _stage(event: Event, stream_time_ms: int) -> Staged:
    field = TOPIC_RULES[event.topic].event_time_field
    return Staged(
        topic=event.topic,
        partition=event.partition,
        offset=event.offset,
        kafka_timestamp_ms=event.kafka_timestamp_ms,
        event_time_ms=event_time_ms(event),
        is_event_time_from_kafka=event.value is None or event.value.get(field) is None,
        stream_time_ms=stream_time_ms,
        value=event.value,
        key=event.key,
    )


def _events(log: Log) -> list[Event]:
    return [entry for entry in log if isinstance(entry, Event)]


def _idle_entries(log: Log) -> defaultdict[Partition, deque[Idle]]:
    """Those of each partition, by the offset from which they count."""
    entries = [entry for entry in log if isinstance(entry, Idle)]
    waiting: defaultdict[Partition, deque[Idle]] = defaultdict(deque)
    for entry in sorted(entries, key=lambda entry: entry.at_offset):
        waiting[entry.topic, entry.partition].append(entry)
    return waiting
