"""Before a commit its files are on the disk."""

import os
import time
from pathlib import Path

import pytest

from proptech_pipelines.lake import durable
from proptech_pipelines.lake.durable import flush_new_files
from proptech_pipelines.lake.maintenance import live_files, merge_files
from proptech_pipelines.lake.transactions import transaction
from proptech_pipelines.testing import PipelineDriver


@pytest.fixture
def flushed(monkeypatch) -> list[str]:
    """Paths in the order in which they were flushed."""
    paths: list[str] = []
    whole = durable._flush
    monkeypatch.setattr(durable, "_flush", lambda path: (whole(path), paths.append(path)))
    return paths


def test_new_files_at_any_depth_and_their_folders_are_flushed_and_old_ones_are_not(tmp_path, flushed):
    for name in ("old/day=1/a.parquet", "old/day=2/b.parquet", "new/day=1/c.parquet"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("x")
    an_hour_ago = time.time() - 3600
    for path in tmp_path.rglob("*"):
        os.utime(path, (an_hour_ago, an_hour_ago))
    since = time.time_ns()
    (tmp_path / "old/day=2/d.parquet").write_text("x")
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh/e.parquet").write_text("x")
    (tmp_path / "catalog.sqlite").write_text("x")
    assert flush_new_files(tmp_path, since) == 2
    assert {str(Path(path).relative_to(tmp_path)) for path in flushed} == {
        ".",
        "old/day=2",
        "old/day=2/d.parquet",
        "fresh",
        "fresh/e.parquet",
    }


@pytest.mark.parametrize("gone", ["a.parquet", "table"])
def test_a_file_or_folder_that_vanishes_meanwhile_is_passed_over(gone, tmp_path, monkeypatch):
    (tmp_path / "table").mkdir()
    (tmp_path / "table/a.parquet").write_text("x")
    stat = os.stat

    def vanishing(path):
        if str(path).endswith(gone):
            raise FileNotFoundError(path)
        return stat(path)

    monkeypatch.setattr("proptech_pipelines.lake.durable.os.stat", vanishing)
    assert flush_new_files(tmp_path, 0) == 0


def test_what_a_transaction_or_a_merge_writes_is_flushed_before_the_commit(tmp_path, flushed):
    with PipelineDriver(tmp_path / "lake") as driver:
        con, seen = driver.con, set()
        con.execute("create table numbers (number bigint)")
        flushed.clear()
        for _ in range(20):
            with transaction(con):
                con.execute("insert into numbers from range(50000)")
                assert not flushed
            new = live(con) - seen
            assert new
            assert new <= set(flushed)
            seen |= new
            flushed.clear()
        assert merge_files(con, live_files(con)) == "numbers"
        assert live(con) - seen
        assert live(con) - seen <= set(flushed)


def live(con) -> set[str]:
    """The files of the table."""
    return {
        row[0]
        for row in con.execute("select data_file from ducklake_list_files('lake', 'numbers')").fetchall()
    }
