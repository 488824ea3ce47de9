"""What `proptech status` says of the lake: lag per topic, rows per table, the last alert."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.positions import Positions, read_positions
from proptech_pipelines.settings import Settings

_ALERTS = "market_alerts"
_INTERNAL = ("generations", "lake_version")
_POSITIONS = "log_ranges"


def lake_report(settings: Settings, *, kafka_answers: bool) -> Iterator[RenderableType]:
    """Tables to print; a lake without tables gives a line. Raises ServiceError for an unreachable catalog."""
    connection = connect(settings, read_only=True)
    try:
        names = table_names(connection)
        if kafka_answers:
            yield _lag_table(settings, read_positions(connection) if _POSITIONS in names else None)
        if not names:
            yield Text("The lake has no tables yet.")
            return
        yield _rows_table(connection, names)
        if _ALERTS in names:
            yield _last_alert(connection)
    finally:
        connection.close()


def table_names(connection: Any) -> list[str]:
    """The lake's public tables and views: no heads of writers, no stored generations behind views."""
    found = connection.execute(
        """
        select table_name from information_schema.tables
        where table_catalog = current_catalog() and not starts_with(table_name, 'head_')
            and not regexp_matches(table_name, '__[0-9]+$')
        order by table_name"""
    ).fetchall()
    return [str(row[0]) for row in found if row[0] not in _INTERNAL]


def _lag_table(settings: Settings, positions: Positions | None) -> Table:
    """Records that each topic holds beyond the ingest's position."""
    cluster = Cluster(settings)
    topics = cluster.topics(item.name for item in INPUT_TOPICS)
    next_offsets = (
        {key: state.next_offset for key, state in positions.partitions.items()} if positions else {}
    )
    behind: dict[str, int] = defaultdict(int)
    ends: dict[str, int] = defaultdict(int)
    for (name, partition), end in cluster.end_offsets(topics).items():
        ends[name] += end
        behind[name] += max(0, end - next_offsets.get((topics[name].topic_id, partition), 0))
    table = Table("topic", *_right("end", "lag"), title="Lag in records")
    for name, end in ends.items():
        table.add_row(name, f"{end:,}", f"{behind[name]:,}")
    return table


def _rows_table(connection: Any, names: list[str]) -> Table:
    table = Table("table", *_right("rows"), title="Rows")
    for name in names:
        (count,) = connection.execute(f'select count(*) from "{name}"').fetchone()
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
