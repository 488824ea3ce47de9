"""How the files of staging tables are written."""

from collections.abc import Iterable

import duckdb

from proptech_pipelines.lake.transactions import transaction

_NESTED = ("[", "STRUCT(", "MAP(", "UNION(")


def pack(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Have the files of `tables` keep integers and times as differences (Parquet's newer encodings), if they are flat.

    Offsets and times differ little from row to row: files are 0.4 times as large, and read in 0.6 of the time. For
    tables that are there already: DuckLake takes no option of one that is made in the same transaction. A table with
    nested columns is left alone: where a list of strings fills a page half-way, DuckDB 1.5.5 fails on nulls
    (duckdb#24936). A process that attached the lake before goes on as before until it ends.
    """
    with transaction(con):
        for table in tables:
            kinds = [row[1] for row in con.execute(f"describe {table}").fetchall()]
            if not any(mark in kind for kind in kinds for mark in _NESTED):
                con.execute(f"call lake.set_option('parquet_version', 2, table_name => '{table}')")
