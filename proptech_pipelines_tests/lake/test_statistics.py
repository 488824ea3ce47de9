"""What DuckLake says of a column's range is not trusted: where a row group has only nulls, it leaves the file out."""

import pytest

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.settings import Settings

ROW_GROUP = 122_880


@pytest.fixture
def con(tmp_path):
    con = connect(Settings(home=tmp_path, catalog=f"sqlite:{tmp_path}/catalog.sqlite"), threads=1)
    con.execute("SET preserve_insertion_order = true")
    con.execute("create table figures (id integer, score integer)")
    # The first row group has no score at all, the second those from 0 to 99.
    con.execute(
        f"insert into figures select i, case when i >= {ROW_GROUP} then i % 100 end "
        f"from range({2 * ROW_GROUP}) as t (i)"
    )
    con.execute("insert into figures select i, 50 + i from range(20) as t (i)")
    yield con
    con.close()


def test_numbers_are_read_as_they_are_stored(con):
    found = con.execute(
        "select min(score), max(score) from (select score, id from figures group by all)"
    ).fetchall()
    assert found == [(0, 99)]


def test_a_range_that_is_too_narrow_leaves_no_row_out(con):
    assert con.execute("select count(*) from figures where score < 50").fetchall() == [
        (ROW_GROUP * 50 // 100 + 10,)
    ]
