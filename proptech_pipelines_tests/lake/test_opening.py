"""A lake that is made: whole after a kill at any step, and with figures of every table from the start."""

import pytest

from proptech_pipelines.lake import generations, tables
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.lake.opening import ensure_tables
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.settings import Settings


class Killed(Exception):
    """Stands for the end of the process."""


def die(*_):
    raise Killed


@pytest.fixture
def con(tmp_path):
    con = connect(Settings(home=tmp_path, catalog=f"sqlite:{tmp_path}/catalog.sqlite"), threads=1)
    yield con
    con.close()


def stored_tables():
    log = [name for name in tables.TABLES if name not in tables.VIEWS]
    models = [
        model.table
        for model in checkout_graph().models.values()
        if model.kind == "staging" or model.is_stored
    ]
    return [*log, *models]


def assert_whole(con):
    for name in stored_tables():
        if name != "generations":
            assert con.execute(f"select count(*) from lake.{name}").fetchone() == (0,), name
    for writer in ("ingest", *checkout_graph().families):
        assert head(con, writer) == 0


@pytest.mark.parametrize(
    ("module", "function"),
    [
        (tables, "remove_first_rows"),
        (tables, "keep_in_catalog"),
        (tables, "create_heads"),
        (generations, "record"),
        (generations, "remove_first_rows"),
        (generations, "create_heads"),
    ],
)
def test_a_lake_whose_making_was_killed_is_made_whole_by_the_next_opening(con, monkeypatch, module, function):
    monkeypatch.setattr(module, function, die)
    with pytest.raises(Killed):
        ensure_tables(con)
    monkeypatch.undo()
    ensure_tables(con)
    assert_whole(con)


def test_what_is_made_a_second_time_stays_as_it_is(con):
    ensure_tables(con)
    con.execute("update head_ingest set b = 7")
    ensure_tables(con)
    assert head(con, "ingest") == 7


def test_a_lake_that_has_models_is_opened_whatever_the_installation_holds(con, monkeypatch):
    ensure_tables(con)
    monkeypatch.setattr("proptech_pipelines.lake.opening.checkout_graph", die)
    ensure_tables(con)


def test_a_table_that_never_had_a_row_has_figures_in_the_catalog(con):
    ensure_tables(con)
    known = {
        row[0]
        for row in con.execute(
            "select t.table_name from __ducklake_metadata_lake.ducklake_table as t "
            "inner join __ducklake_metadata_lake.ducklake_table_stats as s on t.table_id = s.table_id"
        ).fetchall()
    }
    with_commits = {
        name
        for name in stored_tables()
        if name not in tables.TABLES or "commit_number" in tables.TABLES[name][1]
    }
    assert with_commits - set(tables.KEPT_IN_CATALOG) <= known
