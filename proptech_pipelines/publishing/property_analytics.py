"""Rows of table property_analytics as messages of topic property-analytics: each hour of a state once, on close."""

from collections.abc import Iterator

from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_tables
from proptech_pipelines.publishing.outbox import Outbox, loud
from proptech_pipelines.publishing.rows import Prefix, messages, with_ids

TOPIC = "property-analytics"
FAMILY = "property_analytics"
TABLE = "property_analytics"
_DECIDED = """
    select state_code as stateCode, strftime(window_start, '%Y-%m-%dT%H:%M:%S') as started, event_count as revision,
        epoch_ms(window_start) as windowStart, epoch_ms(window_end) as windowEnd, views, saves, contacts,
        price_changes as priceChanges, price_reductions as priceReductions, listings, sold, updates
    from {table}
    where {loud}
    order by window_start, state_code"""


def property_analytics_outbox(prefix: Prefix) -> Outbox:
    """The outbox of hours that are closed."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        (table,) = live_tables(con, TABLE)
        sql = _DECIDED.format(table=table, loud=loud(FAMILY, low, high))
        rows = con.execute(sql).to_arrow_table()
        rows = with_ids(rows, "analyticsId", TABLE, ("stateCode", "started", "revision"))
        return messages(TOPIC, rows.drop_columns("started"), prefix, "stateCode")

    return Outbox(TOPIC, FAMILY, TOPIC, read)
