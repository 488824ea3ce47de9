"""What `table_changes` says stays the same does stay the same: both versions run in DuckDB on the same rows."""

from collections import Counter

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from proptech_pipelines.models.changes import TableChange, table_changes
from proptech_pipelines.models.fingerprint import fingerprints, newest_readers
from proptech_pipelines.models.graph import Graph
from proptech_pipelines_tests.models.random_models import AVRO, graph_pairs
from proptech_pipelines_tests.models.small_models import STAGING, VIEW, model

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


S = "select price as x, bedrooms as y from decoded"
WIDER = "select price as x, bedrooms as y, squareFootage as z from decoded"
HIGHER = "select price + 5 as x, bedrooms as y from decoded"
READ = "select * from a"
TRAPS = [
    (S, "with part as (select * from s union select * from s) select x from part", WIDER, None),
    (S, "with part as (select distinct * from s) select x from part", WIDER, None),
    (S, "select x from s natural join s as other", WIDER, None),
    (S, "select count(distinct s) as n from s", WIDER, None),
    (S, "select x from s where columns(*) > 0", WIDER, None),
    (S, "select x + 1 as z, z * 2 as r from s", WIDER, None),
    (S, "select y, unnest(range(x)) as n from s", HIGHER, None),
    (S, "select y from s where x > 3", HIGHER, None),
    (S, "select s.y from s join (select 1 as x) as t using (x)", HIGHER, None),
    (S, "select distinct x, y from s", "select price * 0 as x, bedrooms as y from decoded", None),
    (S, "select x as p, p + 1 as q from s", S, "select x + 5 as p, p + 1 as q from s"),
    (S, "select distinct x from s", S, "select distinct x, y from s"),
    (S, "select x from s", S, "select x, unnest([1, 2]) as n from s"),
    (S, "select x, unnest([1, 2]) as n from s", S, "select x from s"),
    (S, "select max(x) as m from s", S, "select max(x) as m, unnest([1, 2]) as n from s"),
    (S, "select x, count(*) as n from s group by all", S, "select x, y, count(*) as n from s group by all"),
    (
        WIDER,
        "with part as (select x from s), two as (select * from part union select * from part) select x from two",
        WIDER,
        "with part as (select x, y from s), two as (select * from part union select * from part) select x from two",
    ),
]


@pytest.mark.parametrize(("staged", "above", "new_staged", "new_above"), TRAPS)
def test_where_rows_change_behind_a_harmless_look_it_is_told(con, staged, above, new_staged, new_above):
    """Each trap is live: rows of the view, or of columns that look untouched, really differ."""
    old = Graph.of([model("s", STAGING, staged), model("a", VIEW, above), model("b", VIEW, READ)])
    new = Graph.of(
        [model("s", STAGING, new_staged), model("a", VIEW, new_above or above), model("b", VIEW, READ)]
    )
    rows = [(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 2, 0), (1, 2, 3)]
    before, after = tables(con, old, rows), tables(con, new, rows)
    common = [name for name in before["a"][0] if name in after["a"][0]]
    assert kept(before["a"], common) != kept(after["a"], common)
    assert_what_is_not_named_stays(old, new, before, after)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph_pairs(), ROWS)
def test_rows_and_columns_that_are_not_named_stay_as_they_are(con, pair, rows):
    old, new = pair
    before, after = tables(con, old, rows), tables(con, new, rows)
    assume(before is not None and after is not None)
    assert_what_is_not_named_stays(old, new, before, after)


def assert_what_is_not_named_stays(old: Graph, new: Graph, before, after) -> None:
    """That rows and columns of which `table_changes` says nothing are equal before and after."""
    readers = newest_readers(old)
    changes = {item.table: item for item in table_changes(old, readers, new, readers)}
    prints, others = fingerprints(old, readers), fingerprints(new, readers)
    for name in old.models:
        change = changes.get(name, TableChange(name, "none", (), ()))
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
