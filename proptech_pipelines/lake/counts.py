"""The tables that people ask for, and how many rows they have."""

from collections.abc import Sequence

import duckdb

_INTERNAL = ("generations", "lake_version")


def public_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the lake's tables and views: no heads of writers, no stored generations behind views."""
    found = con.execute(
        """
        select table_name from information_schema.tables
        where table_catalog = current_catalog() and not starts_with(table_name, 'head_')
            and not regexp_matches(table_name, '__[0-9]+$')
        order by table_name"""
    ).fetchall()
    return [str(row[0]) for row in found if row[0] not in _INTERNAL]


def row_counts(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, int]:
    """Rows of the tables `names`, at least one, of one snapshot."""
    selects = [f"select '{name}', count(*) from \"{name}\"" for name in names]
    counted = {row[0]: int(row[1]) for row in con.execute(" union all ".join(selects)).fetchall()}
    return {name: counted[name] for name in names}
