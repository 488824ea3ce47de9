"""The connection that a process keeps to read with."""

from contextlib import closing

import duckdb
import pytest

from proptech_pipelines.errors import LakeMissing
from proptech_pipelines.lake import kept
from proptech_pipelines.lake.connection import connect, scalar
from proptech_pipelines.lake.kept import forget, read_kept
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path, postgres):
    database = f"kept_{tmp_path.name[-20:]}".replace("-", "_").lower()
    postgres.create_database(database)
    yield Settings(home=tmp_path, catalog=postgres.dsn(database))
    forget()


def version(con: duckdb.DuckDBPyConnection) -> int:
    return scalar(con, "select b from head_ingest")


def test_what_others_commit_is_seen_by_the_connection_that_is_kept(settings, monkeypatch):
    made = []
    monkeypatch.setattr(kept, "connect", lambda *a, **k: made.append(1) or connect(*a, **k))
    with open_lake(settings) as con:
        assert read_kept(settings, version) == 0
        con.execute("update head_ingest set b = 7")
        assert read_kept(settings, version) == 7
    assert len(made) == 1


def test_a_broken_connection_is_replaced(settings):
    with open_lake(settings):
        pass
    assert read_kept(settings, version) == 0
    lake = kept._KEPT[settings.catalog, settings.lake_path]
    lake.close()
    assert read_kept(settings, version) == 0
    assert kept._KEPT[settings.catalog, settings.lake_path] is not lake


def test_a_wrong_question_is_an_error_and_a_right_one_after_it_is_answered(settings):
    with open_lake(settings):
        pass
    for _ in range(2):
        with pytest.raises(duckdb.Error, match="no_such_table"):
            read_kept(settings, lambda con: scalar(con, "select count(*) from no_such_table"))
    assert read_kept(settings, version) == 0


def test_a_lake_that_is_missing_is_looked_for_again(settings):
    with pytest.raises(LakeMissing):
        read_kept(settings, version)
    with open_lake(settings):
        pass
    assert read_kept(settings, version) == 0


def test_one_connection_is_kept(settings, tmp_path):
    with open_lake(settings):
        pass
    read_kept(settings, version)
    other = Settings(home=tmp_path / "other", catalog=f"sqlite:{tmp_path}/other.sqlite")
    (tmp_path / "other").mkdir()
    with closing(connect(other)), pytest.raises(duckdb.Error):
        read_kept(other, version)
    assert list(kept._KEPT) == [(other.catalog, other.lake_path)]
