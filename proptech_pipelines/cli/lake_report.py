"""What `proptech status` says of the lake: lag per topic, rows per table, the last alert."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.counts import public_tables, row_counts
from proptech_pipelines.lake.positions import Positions, read_positions
from proptech_pipelines.pipeline.lag import Lag, partition_lags
from proptech_pipelines.settings import Settings

_ALERTS = "market_alerts"
_POSITIONS = "log_ranges"


def lake_report(settings: Settings, *, kafka_answers: bool) -> Iterator[RenderableType]:
    """Tables to print; a lake without tables gives a line. Raises ServiceError for an unreachable catalog."""
    connection = connect(settings, read_only=True)
    try:
        names = public_tables(connection)
        if kafka_answers:
            positions = read_positions(connection) if _POSITIONS in names else Positions(0, 0, {})
            yield _lag_table(settings, positions)
        if not names:
            yield Text("The lake has no tables yet.")
            return
        yield _rows_table(connection, names)
        if _ALERTS in names:
            yield _last_alert(connection)
    finally:
        connection.close()


def _lag_table(settings: Settings, positions: Positions) -> Table:
    """Records that each topic holds beyond the ingest's position."""
    lag = Lag(partition_lags(settings, positions), is_streaming=False)
    table = Table("topic", *_right("end", "lag"), title="Lag in records")
    behind = lag.by_topic()
    for topic in INPUT_TOPICS:
        if topic.name in behind:
            end = sum(item.end_offset for item in lag.partitions if item.topic == topic.name)
            table.add_row(topic.name, f"{end:,}", f"{behind[topic.name]:,}")
    return table


def _rows_table(connection: Any, names: list[str]) -> Table:
    table = Table("table", *_right("rows"), title="Rows")
    for name, count in row_counts(connection, names).items():
        table.add_row(name, f"{count:,}")
    return table


def _right(*headers: str) -> list[Column]:
    return [Column(header, justify="right") for header in headers]


def _last_alert(connection: Any) -> RenderableType:
    result = connection.execute(f"select * from {_ALERTS} order by window_start desc, zip_code limit 1")
    row = result.fetchone()
    if row is None:
        return Text("No market alert yet.")
    table = Table("column", "value", title="Last market alert")
    for column, value in zip(result.description, row, strict=True):
        table.add_row(str(column[0]), str(value))
    return table
