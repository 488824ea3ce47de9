"""The lake's own tables: the log, its control log, the ledger, dead letters. Storage version 1.

Models' tables are made in `lake.generations`. Everything here is created once, idempotently.
"""

import uuid

import duckdb

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.lake.connection import quoted
from proptech_pipelines.lake.dead_letter_tables import LETTER_TABLES, OPEN_LETTERS
from proptech_pipelines.lake.first_rows import insert_first_rows, remove_first_rows
from proptech_pipelines.lake.heads import create_heads, keep_in_catalog, without_heads
from proptech_pipelines.lake.log_columns import COMMIT, COORDINATES, RAW, TIMESTAMP
from proptech_pipelines.lake.readmission_tables import READMISSION_TABLES, REVISIONS
from proptech_pipelines.lake.transactions import transaction

STORAGE_VERSION = 1

_KAFKA_DATE = {"kafka_date": ("DATE", "Day of the Kafka timestamp, UTC; the table is partitioned by it")}
STAGING_COLUMNS = {
    **COMMIT,
    **COORDINATES,
    **TIMESTAMP,
    "event_time": ("TIMESTAMP", "When it happened, UTC, from the record or, where flagged, from Kafka"),
    "event_time_is_kafka": ("BOOLEAN", "True where the record gave no time of its own"),
    "stream_time_ms": (
        "BIGINT",
        "Largest event time of the partition so far, this row included, ms since 1970",
    ),
    **_KAFKA_DATE,
}
TABLE_TOPIC_COLUMNS = {
    "record_key": ("VARCHAR", "Key of the record"),
    "is_tombstone": ("BOOLEAN", "True for the version none"),
}
RESERVED_COLUMNS = frozenset({*STAGING_COLUMNS, *TABLE_TOPIC_COLUMNS})
"""Columns of staging tables that no field of a record may give."""
TABLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "event_log": (
        "Every record as it came, once, in order: the log that all tables are computed from.",
        {
            **COMMIT,
            "cluster_id": ("VARCHAR", "Id of the Kafka cluster"),
            "topic": ("VARCHAR", "Topic"),
            **COORDINATES,
            **TIMESTAMP,
            "timestamp_type": ("TINYINT", "1 create time, 2 log append time"),
            **RAW,
            **_KAFKA_DATE,
        },
    ),
    **LETTER_TABLES,
    **READMISSION_TABLES,
    "control_log": (
        "What outside Kafka changes rows, gapless and numbered: the other half of the log.",
        {
            "number": ("BIGINT", "Number, from 0, without gaps"),
            **COMMIT,
            "kind": ("VARCHAR", "partition_idle, schema_resolved, gap_accepted, redrive, readmit or swap"),
            "topic": ("VARCHAR", "Topic concerned"),
            "topic_id": ("VARCHAR", "Id of that topic"),
            "kafka_partition": ("INTEGER", "Partition concerned"),
            "at_offset": ("BIGINT", "It holds for records from this offset on"),
            "stream_time_ms": (
                "BIGINT",
                "Stream time that the partition is raised to, ms since 1970. A redrive: what its topic had passed",
            ),
            "schema_key": ("VARCHAR", "Schema id or GUID"),
            "schema_text": ("VARCHAR", "Full text of the schema"),
            "detail": (
                "VARCHAR",
                "JSON. A swap: generation by table before and after. A readmit: table and records",
            ),
            "positions": ("VARCHAR", "JSON: next offset by topic id and partition when it was written"),
            "written_at": ("TIMESTAMP", "When it was written, UTC"),
        },
    ),
    "log_ranges": (
        "Offset ranges of every ingest transaction, with counts and checksum: the positions, kept as deltas.",
        {
            **COMMIT,
            "cluster_id": ("VARCHAR", "Id of the Kafka cluster"),
            "topic": ("VARCHAR", "Topic"),
            "topic_id": COORDINATES["topic_id"],
            "topic_epoch": COORDINATES["topic_epoch"],
            "kafka_partition": ("INTEGER", "Partition"),
            "start_offset": ("BIGINT", "First offset of the range, included"),
            "end_offset": ("BIGINT", "Next offset after the range"),
            "records": ("BIGINT", "Records in the range"),
            "staged": ("BIGINT", "Of these, rows in staging. A redrive: letters that became rows"),
            "dead": ("BIGINT", "Of these, dead letters. A redrive: below 0, letters that are none any more"),
            "stream_time_ms": (
                "BIGINT",
                "Stream time of the partition after the range, ms since 1970; null for none yet",
            ),
            "checksum": ("BIGINT", "CRC-32 over offsets, keys and values of the range, in order"),
            "holes": (
                "VARCHAR",
                "JSON list of [start, end) that the broker served without records, null for none",
            ),
        },
    ),
    "ledger": (
        "One row for every transaction of the ingest and of each family: what it did.",
        {
            "writer": ("VARCHAR", "ingest, or the family"),
            "commit_number": ("BIGINT", "Number of the transaction, per writer, from 1, without gaps"),
            "input_commit": ("BIGINT", "Families: number of the last ingest transaction taken in"),
            "control_number": ("BIGINT", "Next number of the control log at this cut"),
            "rows_in": ("BIGINT", "Ingest: records consumed. Families: staging rows read"),
            "rows_applied": (
                "BIGINT",
                "Ingest: rows staged, by redrives too. Families: assignments to groups",
            ),
            "rows_rejected": (
                "BIGINT",
                "Ingest: dead letters, less those redriven. Families: late assignments",
            ),
            "is_quiet": (
                "BOOLEAN",
                "Families: True where days were derived again; outboxes leave its changes out",
            ),
            "committed_at": ("TIMESTAMP", "When it committed, UTC"),
        },
    ),
    "published": (
        "What the outboxes have published.",
        {
            "outbox": ("VARCHAR", "Outbox"),
            "number": ("BIGINT", "Last transaction of the outbox's writer that is out"),
            "messages": ("BIGINT", "Messages that went out since the row before"),
            "published_at": ("TIMESTAMP", "When, UTC"),
        },
    ),
    "generations": (
        "The models that the lake's tables follow, as they were when the tables were made.",
        {
            "table_name": ("VARCHAR", "Table"),
            "generation": ("INTEGER", "Generation of the table, from 1"),
            "family": ("VARCHAR", "Family that stores it, empty for staging and for views of no family"),
            "folder": ("VARCHAR", "Folder of the model's file"),
            "model": ("VARCHAR", "Text of the model's file"),
            "reader_schema": ("VARCHAR", "Staging: the Avro schema by which its records are read"),
            "state": (
                "VARCHAR",
                "live, building beside the live one, returning (a rollback brings it to the head), or retired",
            ),
            "created_at": ("TIMESTAMP", "When the table was made, UTC"),
        },
    ),
    "plans": (
        "What is to be built because models or schemas changed, and what became of it.",
        {
            "plan_id": (
                "VARCHAR",
                "Hash of what is live and of what is to come: the same change is one plan",
            ),
            "created_at": ("TIMESTAMP", "When it was found, UTC"),
            "level": ("VARCHAR", "additive (built by itself) or breaking (built once it is approved)"),
            "state": ("VARCHAR", "proposed, approved, building, swapped, failed or dropped"),
            "tables": ("VARCHAR[]", "Tables that are built"),
            "changes": ("VARCHAR", "JSON: table, level, reasons, columns of each change"),
            "schemas": ("VARCHAR", "JSON: by subject, the versions of the Avro schema before and after"),
            "events": ("BIGINT", "Staging rows to read"),
            "bytes": ("BIGINT", "Bytes of the files to read"),
            "seconds": ("DOUBLE", "How long it will take, about"),
            "report": ("VARCHAR", "JSON: what the audit found, or the error"),
            "updated_at": ("TIMESTAMP", "When its state changed, UTC"),
        },
    ),
    "schema_versions": (
        "Schemas that records were read with.",
        {
            "schema_key": ("VARCHAR", "Schema id or GUID"),
            "topic": ("VARCHAR", "Topic of the first record seen under it"),
            "schema_text": ("VARCHAR", "Full text"),
            "first_seen_at": ("TIMESTAMP", "When it was first seen, UTC"),
        },
    ),
}

VIEWS = {
    "dead_letters": OPEN_LETTERS,
    "revisions": REVISIONS,
    "schema_versions": """
        select schema_key, any_value(topic order by number) as topic, any_value(schema_text order by number)
            as schema_text, min(written_at) as first_seen_at
        from control_log where kind = 'schema_resolved' group by schema_key""",
}
KEPT_IN_CATALOG = ("ledger", "control_log", "published")
"""A row or two a transaction is not worth a file."""


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing. Raises ServiceError if the lake was written by a newer version of the platform."""
    _create_tables(con)
    if without_heads(con, ["ingest"]):
        remove_first_rows(con, _filled())
        # Not `generations`: DuckLake would read its rows under the schema version under which they were written, at the
        # snapshot that made the table, and from then on take that version for one without the models' tables, so that
        # merging their files fails.
        for name in KEPT_IN_CATALOG:
            keep_in_catalog(con, name)
    create_heads(con, ["ingest"])


def _create_tables(con: duckdb.DuckDBPyConnection) -> None:
    with transaction(con):
        con.execute("create table if not exists lake_version (version integer, lake_id varchar)")
        row = con.execute("select max(version) from lake_version").fetchone()
        version = row[0] if row else None
        if version is not None and version > STORAGE_VERSION:
            raise ServiceError(
                f"The lake has storage version {version}, this platform knows {STORAGE_VERSION}.",
                "upgrade proptech_pipelines.",
            )
        if version is not None:
            return
        con.execute("insert into lake_version values (?, ?)", [STORAGE_VERSION, str(uuid.uuid4())])
        for name in sorted(TABLES, key=VIEWS.__contains__):  # views last: they read tables
            description, columns = TABLES[name]
            if name in VIEWS:
                con.execute(f"create view {name} as {VIEWS[name]}")
            else:
                create_table(con, name, columns, description)
        # By day alone, sorted by topic in each file: nine topics a commit were nine files, at 10 ms each.
        con.execute("alter table event_log set partitioned by (kafka_date)")
        insert_first_rows(con, _filled())


def _filled() -> list[str]:
    """The tables that transactions fill with files."""
    return [
        name
        for name, (_, columns) in TABLES.items()
        if name not in VIEWS and "commit_number" in columns and name not in KEPT_IN_CATALOG
    ]


def create_table(
    con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, tuple[str, str]], description: str
) -> None:
    """Create table `name` of `columns` (name -> type, description), commented."""
    con.execute(
        f"create table {name} ({', '.join(f'{column} {kind}' for column, (kind, _) in columns.items())})"
    )
    comment(con, "table", name, description, {column: text for column, (_, text) in columns.items()})


def comment(
    con: duckdb.DuckDBPyConnection, kind: str, name: str, description: str, columns: dict[str, str]
) -> None:
    """Describe table or view `name` and its columns, for whoever looks at the lake from another tool."""
    con.execute(f"comment on {kind} {name} is '{quoted(description)}'")
    if kind == "table":
        for column, text in columns.items():
            con.execute(f"comment on column {name}.{column} is '{quoted(text)}'")
