"""Writes one ingest transaction: log, staging, dead letters, control entries, ranges and ledger together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from proptech_pipelines.errors import RowsRefused
from proptech_pipelines.lake.connection import quoted
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.letters import Coordinates
from proptech_pipelines.lake.positions import Positions
from proptech_pipelines.lake.tables import RESERVED_COLUMNS
from proptech_pipelines.lake.transactions import move_head, transaction
from proptech_pipelines.models.model import Model

INGEST = "ingest"


@dataclass(frozen=True)
class TopicRows:
    """Rows of one topic for one table. `epoch` is the topic's incarnation that `topic_id` names."""

    topic: str
    topic_id: str
    epoch: int
    rows: pa.Table


@dataclass(frozen=True)
class Batch:
    """All that one ingest transaction writes besides its numbers."""

    log: Sequence[TopicRows]
    staged: Sequence[TopicRows]
    dead: Sequence[TopicRows]
    ranges: pa.Table
    control: Sequence[ControlEntry]
    consumed: int
    staged_rows: int
    dead_letters: int


def write_batch(
    con: duckdb.DuckDBPyConnection,
    staging: dict[str, Model],
    positions: Positions,
    batch: Batch,
    cluster_id: str,
) -> int:
    """Commit `batch` on top of `positions` and return its number; all of it or nothing.

    `staging` gives the staging model of each topic. Raises LedgerConflict if another writer moved the ingest's
    head since `positions` was read.
    """
    with transaction(con):
        number = move_head(con, INGEST, positions.commit_number)
        if batch.log:
            _insert(
                con,
                "event_log",
                batch.log,
                f"{number} as commit_number, '{quoted(cluster_id)}' as cluster_id, *",
            )
        for item in batch.staged:
            insert_staged(con, staging[item.topic], item, number)
        if batch.dead:
            _insert(
                con,
                "dead_letter_records",
                batch.dead,
                f"{number} as commit_number, *, now() at time zone 'UTC' as dead_at",
            )
        write_ranges(con, number, batch.ranges, cluster_id)
        control_number = write_control(con, number, positions, batch.control)
        con.execute(
            "insert into ledger values (?, ?, null, ?, ?, ?, ?, false, now() at time zone 'UTC')",
            [INGEST, number, control_number, batch.consumed, batch.staged_rows, batch.dead_letters],
        )
    return number


def write_ranges(
    con: duckdb.DuckDBPyConnection, commit_number: int, ranges: pa.Table, cluster_id: str
) -> None:
    """Append `ranges` to log_ranges inside a transaction."""
    if len(ranges):
        con.register("batch_rows", ranges)
        con.execute(
            f"insert into log_ranges by name select {commit_number} as commit_number, "
            f"'{quoted(cluster_id)}' as cluster_id, * from batch_rows"
        )


def write_control(
    con: duckdb.DuckDBPyConnection, commit_number: int, positions: Positions, entries: Sequence[ControlEntry]
) -> int:
    """Append `entries` to the control log inside a transaction; returns the next number."""
    number = positions.control_number
    cut: dict[str, dict[str, int]] = {}
    if entries:
        for state in positions.partitions.values():
            cut.setdefault(state.topic_id, {})[str(state.partition)] = state.next_offset
    for entry in entries:
        con.execute(
            "insert into control_log values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now() at time zone 'UTC')",
            [
                number,
                commit_number,
                entry.kind,
                entry.topic,
                entry.topic_id,
                entry.partition,
                entry.at_offset,
                entry.stream_time_ms,
                entry.schema_key,
                entry.schema_text,
                entry.detail,
                json.dumps(cut, sort_keys=True),
            ],
        )
        number += 1
    return number


def _insert(con: duckdb.DuckDBPyConnection, table: str, parts: Sequence[TopicRows], columns: str) -> None:
    # One table: a scan of each part by itself made this statement take twice as long.
    con.register("batch_rows", pa.concat_tables([_with_topic(item) for item in parts]))
    con.execute(f"insert into {table} by name select {columns} from batch_rows")


def _with_topic(item: TopicRows) -> pa.Table:
    count = len(item.rows)
    return (
        item.rows.append_column("topic", pa.repeat(item.topic, count))
        .append_column("topic_id", pa.repeat(item.topic_id, count))
        .append_column("topic_epoch", pa.repeat(pa.scalar(item.epoch, pa.int32()), count))
    )


def insert_staged(con: duckdb.DuckDBPyConnection, model: Model, item: TopicRows, number: int) -> None:
    """Insert decoded rows into the staging table of `model`, inside a transaction, as rows of commit `number`.

    Raises RowsRefused if the model's SQL fails on some of them.
    """
    meta = [name for name in item.rows.column_names if name in RESERVED_COLUMNS]
    con.register("batch_rows", item.rows)
    typed = model.sql[len("select") :]
    try:
        con.execute(
            f"insert into {model.name} by name with decoded as (from batch_rows) "
            f"select {number} as commit_number, '{quoted(item.topic_id)}' as topic_id, {item.epoch} as topic_epoch, "
            f"{', '.join(meta)}, {typed}"
        )
    except duckdb.Error as error:
        messages = refused_rows(model, item)
        if not messages:
            raise
        raise RowsRefused(
            f"{model.name} refuses {len(messages)} rows: {error}",
            "plan again without them.",
            messages=messages,
        ) from error


def refused_rows(model: Model, item: TopicRows) -> dict[Coordinates, str]:
    """Topic id, partition and offset of the rows on which the SQL of `model` fails, and with which error."""
    found: dict[Coordinates, str] = {}
    with duckdb.connect() as con:
        parts = [item.rows]
        while parts:
            rows = parts.pop()
            con.register("batch_rows", rows)
            try:
                con.execute(f"with decoded as (from batch_rows) {model.sql}").to_arrow_table()
            except duckdb.Error as error:
                if len(rows) > 1:
                    half = len(rows) // 2
                    parts += [rows.slice(half), rows.slice(0, half)]
                    continue
                where = (rows["kafka_partition"][0].as_py(), rows["kafka_offset"][0].as_py())
                found[item.topic_id, *where] = str(error).splitlines()[0]
    return found
