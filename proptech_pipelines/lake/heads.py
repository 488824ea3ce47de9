"""The heads: one row a writer, whose number every transaction of that writer moves (`lake.transactions`)."""

from collections.abc import Sequence

import duckdb

from proptech_pipelines.lake.connection import catalog_tables
from proptech_pipelines.lake.transactions import transaction

INLINED_ROWS = 100_000


def without_heads(con: duckdb.DuckDBPyConnection, writers: Sequence[str]) -> list[str]:
    """Those of `writers` that have no head yet."""
    # The list of all tables would ask the catalog for the figures of each, 0.3 s; and nearly always all are there.
    if not writers or _are_there(con, writers):
        return []
    return [writer for writer in writers if not _are_there(con, [writer])]


def _are_there(con: duckdb.DuckDBPyConnection, writers: Sequence[str]) -> bool:
    try:
        con.execute(" union all ".join(f"(select b from head_{writer} limit 0)" for writer in writers))
    except duckdb.CatalogException:
        return False
    return True


def create_heads(con: duckdb.DuckDBPyConnection, writers: Sequence[str], first: int = 0) -> None:
    """Create the heads of `writers` that are missing, at `first`. One that stands there empty, after a kill, is filled.

    Raises LedgerConflict if another process is at it too: try again.
    """
    empty = _without_row(con, writers)
    if not empty:
        return
    if missing := without_heads(con, empty):
        with transaction(con):
            for writer in missing:
                con.execute(f"create table head_{writer} (b bigint, generation integer)")
    for writer in empty:
        keep_in_catalog(con, f"head_{writer}")
    with transaction(con):
        # Two inserts would both commit; of two updates of one row only one does.
        con.execute("update lake_version set version = version")
        for writer in empty:
            con.execute(f"insert into head_{writer} select {first}, 1 where not exists (from head_{writer})")


def _without_row(con: duckdb.DuckDBPyConnection, writers: Sequence[str]) -> list[str]:
    """Those of `writers` whose head is missing or never had its row, by the catalog's figures: a look into each takes
    40 ms."""
    catalog = catalog_tables(con)
    rows = con.execute(
        f"select table_name from {catalog}.ducklake_table inner join {catalog}.ducklake_table_stats using (table_id) "
        "where end_snapshot is null and record_count > 0"
    ).fetchall()
    filled = {row[0] for row in rows}
    return [writer for writer in writers if f"head_{writer}" not in filled]


def keep_in_catalog(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Keep the rows of `table` in the catalog instead of in files."""
    con.execute(f"call lake.set_option('data_inlining_row_limit', {INLINED_ROWS}, table_name => '{table}')")
