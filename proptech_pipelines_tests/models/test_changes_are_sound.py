"""What `table_changes` says stays the same does stay the same: both versions run in DuckDB on the same rows."""

from collections import Counter

import duckdb
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from proptech_pipelines.models.changes import TableChange, table_changes
from proptech_pipelines.models.fingerprint import fingerprints, newest_readers
from proptech_pipelines.models.graph import Graph
from proptech_pipelines_tests.models.random_models import AVRO, graph_pairs

ROWS = st.lists(st.tuples(*[st.integers(0, 3)] * 3), max_size=5)


@pytest.fixture(scope="module")
def con():
    connection = duckdb.connect()
    yield connection
    connection.close()


def tables(con, graph: Graph, rows) -> dict[str, tuple[list[str], list[tuple]]] | None:
    """Columns and rows of every table; None where DuckDB refuses the SQL or names two columns alike."""
    con.execute("drop schema if exists try cascade; create schema try; use try")
    con.execute(f"create table decoded ({', '.join(f'{name} integer' for name in AVRO)})")
    if rows:
        con.executemany("insert into decoded values (?, ?, ?)", rows)
    found = {}
    for item in graph.models.values():
        try:
            con.execute(f"create view {item.name} as {item.sql}")
            done = con.execute(item.sql)
        except duckdb.Error:
            return None
        columns = [column[0] for column in done.description]
        if len(set(columns)) < len(columns):
            return None
        found[item.name] = (columns, done.fetchall())
    return found


def kept(table, names) -> Counter:
    """The rows of a table, of the columns `names` alone."""
    columns, rows = table
    places = [columns.index(name) for name in names]
    return Counter(tuple(row[place] for place in places) for row in rows)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph_pairs(), ROWS)
def test_rows_and_columns_that_are_not_named_stay_as_they_are(con, pair, rows):
    old, new = pair
    before, after = tables(con, old, rows), tables(con, new, rows)
    assume(before is not None and after is not None)
    readers = newest_readers(old)
    changes = {item.table: item for item in table_changes(old, readers, new, readers)}
    prints, others = fingerprints(old, readers), fingerprints(new, readers)
    for name in old.models:
        change = changes.get(name, TableChange(name, "none", (), ()))
        event(f"{name} {change.level}")
        if prints[name] == others[name]:
            assert change.level in ("none", "cosmetic")
        if change.level == "breaking" and change.rows_change:
            continue
        touched = {item.column for item in change.columns}
        columns, others_columns = before[name][0], after[name][0]
        names = [column for column in columns if column not in touched]
        told = {item.name: (item.sql, new[item.name].sql) for item in old.models.values()}, changes
        assert [column for column in others_columns if column not in touched] == names, told
        assert kept(before[name], names) == kept(after[name], names), told
