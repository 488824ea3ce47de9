"""The log outlives its lake on the real stack: exported, imported, and read on from Kafka where it ends."""

import pytest

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.pipeline.log_export import export_log
from proptech_pipelines.pipeline.log_import import import_log
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.publishing.registered import outboxes
from proptech_pipelines.simulator import produce
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole
from proptech_pipelines_tests.guarantees.lakes import fresh_lake

pytestmark = pytest.mark.long

EVENTS = 3_000
OWN = {"commit_number", "dead_at"}


def tables(settings):
    """Rows of the log, staging and all public tables, without what the equality of tables leaves out."""
    con = connect(settings, read_only=True)
    try:
        names = ["event_log", "dead_letters"]
        names += [
            row[0]
            for row in con.execute("select table_name from generations where state = 'live'").fetchall()
        ]
        found = {}
        for name in names:
            columns = [row[0] for row in con.execute(f"describe {name}").fetchall() if row[0] not in OWN]
            found[name] = con.execute(f"select {', '.join(columns)} from {name} order by all").fetchall()
        return found
    finally:
        con.close()


def test_a_stream_behind_an_import_reads_on_without_gap_or_overlap(stack, tmp_path):
    old, new = fresh_lake(stack, tmp_path / "old"), fresh_lake(stack, tmp_path / "new")
    produce(old, EVENTS)
    StreamRun(old).run(lambda: False, drain=True)
    manifest = export_log(old, tmp_path / "log")
    done = import_log(new, tmp_path / "log", outboxes(new))
    assert done.records == manifest["records"] >= EVENTS
    before, after = tables(old), tables(new)
    assert [name for name in before if before[name] != after[name]] == []

    produce(old, EVENTS)
    summary = StreamRun(new).run(lambda: False, drain=True)
    assert summary.halted == {}
    assert summary.records >= EVENTS
    assert assert_lake_is_whole(new) == manifest["records"] + summary.records
