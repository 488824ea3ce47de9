"""Rows of table property_analytics as messages of topic property-analytics: each hour of a state once, on close."""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_table
from proptech_pipelines.publishing.market_alerts import alert_id
from proptech_pipelines.publishing.outbox import Outbox

TOPIC = "property-analytics"
FAMILY = "property_analytics"
TABLE = "property_analytics"
FIGURES = {
    "views": "views",
    "saves": "saves",
    "contacts": "contacts",
    "price_changes": "priceChanges",
    "price_reductions": "priceReductions",
    "listings": "listings",
    "sold": "sold",
    "updates": "updates",
}
"""Columns of counts, and their fields in a message."""
# Days that were derived again are left out: a backfill publishes nothing.
_DECIDED = """
    select state_code, window_start, window_end, event_count, {figures}
    from {table}
    where commit_number > {low} and commit_number <= {high} and commit_number not in (
        select commit_number from ledger where writer = '{family}' and is_quiet
    )
    order by window_start, state_code"""


def property_analytics_outbox(serialize: Callable[[dict[str, Any]], bytes]) -> Outbox:
    """The outbox; `serialize` makes the wire format's value of a PropertyAnalytics."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        sql = _DECIDED.format(
            figures=", ".join(FIGURES), table=live_table(con, TABLE), family=FAMILY, low=low, high=high
        )
        for row in con.execute(sql).fetchall():
            value = analytics_of(row)
            key = value["stateCode"].encode()
            partition = partition_of(value["stateCode"], key, OUTPUT_TOPICS[TOPIC])
            yield Message(TOPIC, key, serialize(value), partition=partition)

    return Outbox(TOPIC, FAMILY, TOPIC, read)


def analytics_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """The PropertyAnalytics of (state, window start and end, records counted, then each of `FIGURES`)."""
    state_code, start, end, event_count, *counts = row
    return {
        "analyticsId": alert_id(TABLE, state_code, start, event_count),
        "revision": event_count,
        "stateCode": state_code,
        "windowStart": start.replace(tzinfo=UTC),
        "windowEnd": end.replace(tzinfo=UTC),
        **dict(zip(FIGURES.values(), counts, strict=True)),
    }
