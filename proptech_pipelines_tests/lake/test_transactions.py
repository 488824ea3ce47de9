"""Transactions of one process take turns: one that is overtaken is written twice."""

import threading
from contextlib import closing

import pytest

from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import connect, cursor
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.lake.transactions import head, move_head, transaction
from proptech_pipelines.settings import Settings


def test_a_transaction_begins_when_that_of_another_thread_is_over(postgres, tmp_path):
    postgres.create_database("turns")
    with closing(connect(Settings(home=tmp_path, catalog=postgres.dsn("turns")))) as con:
        con.execute("create table numbers (n integer)")
        other, begun = cursor(con), threading.Event()

        def insert():
            with transaction(other):
                begun.set()
                other.execute("insert into numbers values (2)")

        thread = threading.Thread(target=insert)
        with transaction(con):
            thread.start()
            assert not begun.wait(0.5)
            con.execute("insert into numbers values (1)")
        thread.join(10)
        assert con.execute("from numbers order by n").fetchall() == [(1,), (2,)]


def test_the_turn_is_given_on_by_one_that_fails(postgres, tmp_path):
    postgres.create_database("failing_turns")
    with open_lake(Settings(home=tmp_path, catalog=postgres.dsn("failing_turns"))) as con:
        with pytest.raises(LedgerConflict, match="no longer at 7"), transaction(con):
            move_head(con, "ingest", 7)
        with pytest.raises(LedgerConflict, match="of generation 2"), transaction(con):
            move_head(con, "ingest", 0, generation=2)
        with transaction(con):
            assert move_head(con, "ingest", 0) == 1
        assert head(con, "ingest") == 1
