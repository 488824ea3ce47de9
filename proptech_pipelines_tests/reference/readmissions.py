"""Re-admissions: which late records count after all, and what each of them changed."""

from collections.abc import Callable, Mapping

from proptech_pipelines_tests.reference.log import Entry, Log, Readmit, Row
from proptech_pipelines_tests.reference.staging import Staged

Place = tuple[str, int, int]
"""Topic, partition, offset."""


def readmitted(log: Log, table: str) -> set[Place]:
    """The records that were re-admitted to `table` by the end of the log."""
    return {
        (entry.topic, entry.partition, entry.offset)
        for entry in log
        if isinstance(entry, Readmit) and entry.table == table
    }


def place(row: Staged) -> Place:
    """Where the record of a row is."""
    return row.topic, row.partition, row.offset


def without(log: Log) -> list[Entry]:
    """The log as settled tables see it: what they decide rests on rows that were in time."""
    return [entry for entry in log if not isinstance(entry, Readmit)]


def revisions(
    log: Log, tables: Mapping[str, Callable[[Log], list[Row]]], keys: Mapping[str, str]
) -> list[Row]:
    """For each re-admission the groups of its table that differ by it, as the log below it has them and with it.

    `keys` names the key of each table beside `window_start`.
    """
    found: list[Row] = []
    for number, entry in enumerate(log):
        if not isinstance(entry, Readmit) or entry.table not in tables:
            continue
        rows, key = tables[entry.table], keys[entry.table]
        was = {(row[key], row["window_start"]): row for row in rows(log[:number])}
        for row in rows(log[: number + 1]):
            group = (row[key], row["window_start"])
            if row != was.get(group):
                names = {key: row[key], "window_start": row["window_start"]}
                found.append(
                    {"table_name": entry.table, "key": names, "before": was.get(group), "after": row}
                )
    return found
