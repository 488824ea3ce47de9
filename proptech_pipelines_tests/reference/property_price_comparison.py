"""`property_price_comparison`: the reductions of the trail beside what the price changes say."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Idle, Log, Row
from proptech_pipelines_tests.reference.property_history import steps
from proptech_pipelines_tests.reference.staging import Staged, staged

WAIT_MS = 5 * 60_000


def rows(log: Log) -> list[Row]:
    """One row for each reduction that names a price, judged by the last price change in the order of records."""
    changes = [row for row in staged(log) if row.topic == PRICE_CHANGES]
    least_ms = _least_stream_time_ms(log)
    return [
        _compared(step, changes, least_ms)
        for step in steps(log)
        if step.text("eventType") == "PRICE_REDUCED" and step.integer_or_none("price") is not None
    ]


def _compared(step: Staged, changes: list[Staged], least_ms: int | None) -> Row:
    told = [
        change
        for change in changes
        if change.text("propertyId") == step.text("propertyId") and change.order < step.order
    ]
    trail_price = step.integer("price")
    changed_price = max(told, key=lambda change: change.order).integer("newPrice") if told else None
    if least_ms is None or step.event_time_ms + WAIT_MS >= least_ms:
        verdict = "open"
    elif changed_price is None:
        verdict = "untold"
    else:
        verdict = "agrees" if changed_price == trail_price else "differs"
    return {
        "property_id": step.text("propertyId"),
        "event_time": moment(step.event_time_ms),
        "trail_price": trail_price,
        "changed_price": changed_price,
        "verdict": verdict,
        "kafka_partition": step.partition,
        "kafka_offset": step.offset,
    }


def _least_stream_time_ms(log: Log) -> int | None:
    """The least stream time over the partitions of the price changes; None while one has none."""
    times_ms: dict[int, int | None] = {}
    for entry in log:
        if entry.topic == PRICE_CHANGES:
            times_ms.setdefault(entry.partition, None)
            if isinstance(entry, Idle):
                times_ms[entry.partition] = max(times_ms[entry.partition] or 0, entry.stream_time_ms)
    for row in staged(log):
        if row.topic == PRICE_CHANGES:
            times_ms[row.partition] = max(times_ms[row.partition] or 0, row.stream_time_ms)
    found = [value for value in times_ms.values() if value is not None]
    return min(found) if found and len(found) == len(times_ms) else None
