"""Changes of table market_alerts as messages of topic market-alerts."""

import math
from collections.abc import Iterator

import pyarrow as pa

from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_tables
from proptech_pipelines.publishing.outbox import Outbox, loud
from proptech_pipelines.publishing.rows import Prefix, messages, with_ids

TOPIC = "market-alerts"
FAMILY = "price_change_analysis"
# A window that left the limits has no row any more: what it counts by then is in the fold.
_CHANGES = """
    with changes as (
        select commit_number, zip_code, window_start, max(sign) as sign,
            arg_max(window_end, sign) as window_end, arg_max(state_code, sign) as state_code,
            arg_max(reason, sign) as reason
        from {alerts}
        where {loud}
        group by commit_number, zip_code, window_start
    )
    select zip_code as zipCode, strftime(window_start, '%Y-%m-%dT%H:%M:%S') as started,
        any_value(changes.state_code) as stateCode, epoch_ms(window_start) as windowStart,
        epoch_ms(any_value(window_end)) as windowEnd, any_value(reason) as reason,
        if(any_value(sign) > 0, 'RAISED', 'RETRACTED') as status, cast(sum(event_count) as bigint) as revision,
        sum(change_sum) as total, sum(change_square_sum) as squares
    from changes inner join {windows} as windows using (zip_code, window_start)
    where windows.commit_number <= changes.commit_number
        and window_start >= (select min(window_start) from changes)
        and window_start <= (select max(window_start) from changes)
    group by changes.commit_number, zip_code, window_start
    order by changes.commit_number, zip_code, window_start"""


def market_alerts_outbox(prefix: Prefix) -> Outbox:
    """The outbox of windows that left their limits, came back, or changed beyond them."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        alerts, windows = live_tables(con, "market_alerts", "price_change_windows")
        sql = _CHANGES.format(alerts=alerts, windows=windows, loud=loud(FAMILY, low, high))
        rows = _with_percentages(con.execute(sql).to_arrow_table())
        rows = with_ids(rows, "alertId", "market_alerts", ("zipCode", "started", "revision"))
        return messages(TOPIC, rows.drop_columns("started"), prefix, "zipCode")

    return Outbox(TOPIC, FAMILY, TOPIC, read)


def _with_percentages(rows: pa.Table) -> pa.Table:
    sums = [[int(value) for value in rows[name].to_pylist()] for name in ("revision", "total", "squares")]
    figures = [percentages(*row) for row in zip(*sums, strict=True)]
    rows = rows.drop_columns(["total", "squares"]).append_column("eventCount", rows["revision"])
    for number, name in enumerate(("averageChangePercent", "volatilityPercent")):
        rows = rows.append_column(name, pa.array([figure[number] for figure in figures], pa.float64()))
    return rows


def percentages(count: int, total: int, squares: int) -> tuple[float, float]:
    """Mean and population standard deviation in percent, of `count` changes in parts per billion."""
    variance_by_square = count * squares - total * total
    return total / count / 1e7, math.isqrt(max(variance_by_square, 0)) / count / 1e7
