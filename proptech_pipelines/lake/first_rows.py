"""A row into each new table and out again, so that DuckLake has figures of it."""

from collections.abc import Iterable

import duckdb

from proptech_pipelines.lake.transactions import transaction


def insert_first_rows(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Put a row into each table, of transaction 0, for `remove_first_rows` to remove in a transaction of its own.

    Of a table that never had a row DuckLake keeps no figures: each scan asks the catalog for them anew, for every
    column and more than once, which took 68 to 115 ms instead of 1.
    """
    for name in names:
        con.execute(f"insert into {name} (commit_number) values (0)")


def remove_first_rows(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Remove what `insert_first_rows` put there. Heads are made after it, so that nothing is written before."""
    with transaction(con):
        for name in names:
            con.execute(f"delete from {name} where commit_number = 0")
