"""How many rows the tables have, as people ask for it."""

import duckdb


def row_counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by public table or view, of one snapshot."""
    names = [
        row[0]
        for row in con.execute(
            "select table_name from information_schema.tables where table_catalog = 'lake' "
            "and table_name not like 'head\\_%' escape '\\' and table_name not like '%\\_\\_%' escape '\\'"
        ).fetchall()
    ]
    selects = [f"select '{name}', count(*) from {name}" for name in sorted(names)]
    return {row[0]: int(row[1]) for row in con.execute(" union all ".join(selects)).fetchall()}
