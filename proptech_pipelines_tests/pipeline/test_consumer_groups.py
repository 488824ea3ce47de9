"""Positions for lag tools."""

from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.consumer_groups import show_positions
from proptech_pipelines_tests.guarantees.lakes import fresh_lake


def test_a_log_that_holds_nothing_yet_has_no_positions_to_show(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    with open_lake(settings) as con:
        show_positions(settings, con, live_graph(con))
