"""A backfill beside a running stream, killed again and again: the end is what one replay gives."""

import signal

import pytest

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.backfill import families_of
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.pipeline.coverage import uncovered_days
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole
from proptech_pipelines_tests.guarantees.lakes import BackfillChild, StreamChild, fresh_lake

DEATHS = (25, 110)
"""Statements of a backfill before which it dies."""
SPOILED = ("price_change_windows", "price_cut_first_views", "trending_windows", "property_analytics")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_backfill_that_is_killed_beside_a_running_stream_gives_at_last_what_one_replay_gives(
    own_stack, tmp_path
):
    # Records of other tests lie on other days than those that are derived again.
    settings = fresh_lake(own_stack, tmp_path / "lake")
    produce(settings, 1_000, options=Options(broken=0.01))
    StreamRun(settings).run(lambda: False, drain=True)
    with open_lake(settings) as con:
        graph = live_graph(con)
        families = families_of(graph, "stg_property_price_changes", subtree=True)
        for table in SPOILED:
            assert graph[table].family in families
            con.execute(f"delete from {table}__1 where rowid % 2 = 1")
        found = compare_days(con, graph, "price_change_analysis", None)
        assert {item.table for item in found if item.differs} >= {"price_change_windows"}
    stream = StreamChild(settings)
    try:
        for death in DEATHS:
            child = BackfillChild(settings, death)
            produce(settings, 200, options=Options())
            assert child.wait() == -signal.SIGKILL
        assert BackfillChild(settings).wait() == 0
    finally:
        stream.kill()
    StreamRun(settings).run(lambda: False, drain=True)
    con = connect(settings, read_only=True)
    try:
        for family in families:
            assert [item for item in compare_days(con, graph, family, None) if item.differs] == []
            assert uncovered_days(con, graph, family) == []
    finally:
        con.close()
    assert_lake_is_whole(settings)
