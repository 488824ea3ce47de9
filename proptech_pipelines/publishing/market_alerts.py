"""Changes of table market_alerts as messages of topic market-alerts."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_table
from proptech_pipelines.publishing.outbox import Outbox

TOPIC = "market-alerts"
FAMILY = "price_change_analysis"
# Days that were derived again are left out: a backfill publishes nothing.
# A window that left the limits has no row any more: what it counts by then is in the fold.
_CHANGES = """
    with changes as (
        select commit_number, zip_code, window_start, max(sign) as sign,
            arg_max(window_end, sign) as window_end, arg_max(state_code, sign) as state_code,
            arg_max(reason, sign) as reason
        from {alerts}
        where commit_number > {low} and commit_number <= {high} and commit_number not in (
            select commit_number from ledger where writer = '{family}' and is_quiet
        )
        group by commit_number, zip_code, window_start
    )
    select changes.commit_number, zip_code, window_start, any_value(window_end), any_value(changes.state_code),
        any_value(sign), any_value(reason), cast(sum(event_count) as bigint), sum(change_sum), sum(change_square_sum)
    from changes inner join {windows} as windows using (zip_code, window_start)
    where windows.commit_number <= changes.commit_number
        and window_start >= (select min(window_start) from changes)
        and window_start <= (select max(window_start) from changes)
    group by changes.commit_number, zip_code, window_start
    order by changes.commit_number, zip_code, window_start"""


def market_alerts_outbox(serialize: Callable[[dict[str, Any]], bytes]) -> Outbox:
    """The outbox; `serialize` makes the wire format's value of a MarketAlert."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        sql = _CHANGES.format(
            alerts=live_table(con, "market_alerts"),
            windows=live_table(con, "price_change_windows"),
            family=FAMILY,
            low=low,
            high=high,
        )
        for row in con.execute(sql).fetchall():
            value = alert_of(row[1:])
            key = value["zipCode"].encode()
            partition = partition_of(value["stateCode"], key, OUTPUT_TOPICS[TOPIC])
            yield Message(TOPIC, key, serialize(value), partition=partition)

    return Outbox(TOPIC, FAMILY, TOPIC, read)


def alert_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """The MarketAlert of (zip code, window start and end, state, sign, reason, count, sum, sum of squares)."""
    zip_code, start, end, state_code, sign, reason, count, total, squares = row
    mean, volatility = percentages(int(count), int(total), int(squares))
    return {
        "alertId": alert_id("market_alerts", zip_code, start, int(count)),
        "status": "RAISED" if sign > 0 else "RETRACTED",
        "revision": int(count),
        "zipCode": zip_code,
        "stateCode": state_code,
        "windowStart": start.replace(tzinfo=UTC),
        "windowEnd": end.replace(tzinfo=UTC),
        "eventCount": int(count),
        "averageChangePercent": mean,
        "volatilityPercent": volatility,
        "reason": reason,
    }


def alert_id(table: str, key: str, window_start: datetime, revision: int) -> str:
    """The id of one message: a hash of table, key, window and revision, 32 hexadecimal digits."""
    text = json.dumps([table, key, window_start.isoformat(), revision])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def percentages(count: int, total: int, squares: int) -> tuple[float, float]:
    """Mean and population standard deviation in percent, of `count` changes in parts per billion."""
    variance_by_square = count * squares - total * total
    return total / count / 1e7, math.isqrt(max(variance_by_square, 0)) / count / 1e7
