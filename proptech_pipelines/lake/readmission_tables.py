"""Tables of re-admissions: the late records that count after all, and what that changed in the folds."""

import duckdb

from proptech_pipelines.lake.log_columns import COMMIT, COORDINATES, Columns

_REVISION: Columns = {
    "table_name": ("VARCHAR", "The fold"),
    "control_number": ("BIGINT", "Number of the re-admission in the control log"),
    "key": ("VARCHAR", "JSON: the group that it changed"),
    "before": ("VARCHAR", "JSON: the row of the group as it was, null for none"),
    "after": ("VARCHAR", "JSON: the row as it is with the re-admission"),
    "made_at": ("TIMESTAMP", "When it was written, UTC"),
}
READMISSION_TABLES: dict[str, tuple[str, Columns]] = {
    "readmissions": (
        "Late records that were re-admitted: they count in exactly the windows of a fold that they had missed.",
        {
            **COMMIT,
            "control_number": ("BIGINT", "Number of the re-admission in the control log"),
            "table_name": ("VARCHAR", "The fold in which the record counts after all"),
            "topic": ("VARCHAR", "Topic"),
            "topic_id": COORDINATES["topic_id"],
            "kafka_partition": COORDINATES["kafka_partition"],
            "kafka_offset": COORDINATES["kafka_offset"],
            "event_time": ("TIMESTAMP", "Event time of the record, UTC"),
            "windows": ("BIGINT", "Windows that it had missed when it was re-admitted"),
        },
    ),
    "revisions": (
        "What re-admissions changed: every group of a fold that one touched, as was and as is, in the log's order.",
        _REVISION,
    ),
    "revision_records": (
        "Revisions of every generation of a fold; `revisions` shows those of the live ones.",
        {
            "commit_number": ("BIGINT", "Number of the transaction of the family that took it in"),
            "generation": ("INTEGER", "Generation of the fold"),
            **_REVISION,
        },
    ),
}
REVISIONS = """
        select table_name, control_number, key, before, after, made_at
        from revision_records as r
        where exists (
            from generations as g
            where g.table_name = r.table_name and g.generation = r.generation and g.state = 'live'
        )"""
"""The view `revisions`."""


def readmissions_by_fold(con: duckdb.DuckDBPyConnection) -> dict[str, list[int]]:
    """By fold, the ingest transactions that re-admitted records to it, ascending."""
    found: dict[str, list[int]] = {}
    # The control log is kept in the catalog; the records themselves are in files.
    for name, number in con.execute(
        "select detail ->> 'table', commit_number from control_log where kind = 'readmit' order by number"
    ).fetchall():
        found.setdefault(name, []).append(number)
    return found
