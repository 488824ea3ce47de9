"""The way back: what the last swap retired comes to the head and in again, with all tables of that time."""

from dataclasses import replace

import pytest
from duckdb import CatalogException

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.plans import set_state
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.pipeline.plan import carry_out, propose
from proptech_pipelines.pipeline.rollback import purge_retired, roll_back
from proptech_pipelines_tests.generations.test_plan import cancel, with_a_column
from proptech_pipelines_tests.generations.test_swap import (
    FAMILY,
    GRAPH,
    TABLES,
    batches,
    changed,
    family_of,
    fresh,
)
from proptech_pipelines_tests.patching import graph_with
from proptech_pipelines_tests.table_equality import assert_same_rows

pytestmark = pytest.mark.long


def test_a_rollback_restores_the_former_columns(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    carry_out(con, graph, plan, tools)
    roll_back(con, "price_change_windows", tools)
    assert live_graph(con)["price_change_windows"].text == GRAPH["price_change_windows"].text
    lake.pipeline.restart()
    assert "doubled" not in lake.table("price_change_windows")[0]


def swapped_and_half_rolled_back(lake, tools) -> None:
    """A plan with a column more is carried out, records come in, and a rollback is cancelled while it builds."""
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    carry_out(con, graph, plan, tools)
    lake.pipeline.restart()
    lake.pipe(batches()[2])
    lake.advance(FAMILY)
    with pytest.raises(KeyboardInterrupt):
        roll_back(lake.pipeline.con, FAMILY, replace(tools, on_slice=cancel))


def states(con) -> list[tuple[int, str]]:
    return con.execute(
        "select generation, state from generations where table_name = 'price_change_windows' order by all"
    ).fetchall()


def test_a_rollback_that_was_cancelled_goes_on(lake, tools, tmp_path):
    swapped_and_half_rolled_back(lake, tools)
    con = lake.pipeline.con
    assert states(con) == [(1, "returning"), (2, "live")]
    roll_back(con, FAMILY, tools)
    assert states(con) == [(1, "live"), (2, "retired")]
    lake.pipeline.restart()
    expected = fresh(tmp_path / "fresh", GRAPH)
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)


def test_a_plan_after_a_rollback_that_was_cancelled_leaves_the_way_back(lake, tools, tmp_path):
    swapped_and_half_rolled_back(lake, tools)
    con, graph = lake.pipeline.con, changed(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    set_state(con, plan.plan_id, "approved")
    carry_out(con, graph, plan, tools)
    assert states(con) == [(1, "retired"), (2, "retired"), (3, "live")]


def test_a_rollback_drops_what_a_plan_has_built_so_far(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    carry_out(con, graph, plan, tools)
    building.begin(con, changed(GRAPH), family_of(GRAPH))
    assert states(con) == [(1, "retired"), (2, "live"), (3, "building")]
    roll_back(con, FAMILY, tools)
    assert states(con) == [(1, "live"), (2, "retired")]


LARGE = """/*
kind = "append"
family = "price_change_analysis"
description = "Price changes of more than a tenth."
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "event_time"
*/
select
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    event_time -- When the price changed, UTC
from stg_property_price_changes
where abs(change_ppb) > 100000000
"""
SEEN_LARGE = """/*
kind = "view"
family = "price_change_analysis"
description = "The same by hour."
day_of = "event_time"
*/
select
    date_trunc('hour', event_time) as event_time, -- The hour, UTC
    count(*) as event_count -- Price changes of more than a tenth
from large_changes
group by date_trunc('hour', event_time)
"""


def with_tables(graph: Graph, place: str) -> Graph:
    """One more stored table in the family, first or last of all by its name, and a view of it."""
    more = [
        parse_model("large_changes", "market", LARGE),
        parse_model(f"{place}_seen", "market", SEEN_LARGE),
    ]
    models = {**graph.models, **{model.name: model for model in more}}
    return Graph.of(models[name] for name in sorted(models, reverse=place == "z"))


def carried_out(lake, graph: Graph, tools) -> None:
    con = lake.pipeline.con
    plan = propose(con, graph)
    assert plan is not None
    set_state(con, plan.plan_id, "approved")
    assert carry_out(con, graph, plan, tools).state == "swapped"
    lake.pipeline.restart()


def assert_tables_of(lake, folder, graph: Graph, gone: tuple[str, ...] = ()) -> None:
    """All tables are those of a lake made with `graph`, those that are `gone` cannot be read."""
    names = family_of(graph)
    expected = fresh(folder, graph, names=names)
    for name in names:
        assert_same_rows(lake.table(name), expected[name], name)
    for name in gone:
        with pytest.raises(CatalogException):
            lake.pipeline.con.execute(f"from {name}")
    con = lake.pipeline.con
    assert {model.name for model in live_graph(con).market} == set(names)


@pytest.mark.parametrize("place", ["a", "z"])
def test_a_table_that_came_with_a_plan_goes_with_its_rollback_and_comes_back(place, lake, tools, tmp_path):
    larger = with_tables(GRAPH, place)
    carried_out(lake, larger, tools)
    lake.pipe(batches()[2])
    lake.advance(FAMILY)
    assert_tables_of(lake, tmp_path / "larger", larger)
    roll_back(lake.pipeline.con, FAMILY, tools)
    lake.pipeline.restart()
    assert_tables_of(lake, tmp_path / "former", GRAPH, gone=("large_changes", f"{place}_seen"))
    roll_back(lake.pipeline.con, FAMILY, tools)
    lake.pipeline.restart()
    assert_tables_of(lake, tmp_path / "again", larger)


@pytest.mark.parametrize("place", ["a", "z"])
def test_a_table_that_a_changed_family_has_no_more_goes_and_comes_back_with_a_rollback(
    place, lake, tools, tmp_path
):
    larger = with_tables(GRAPH, place)
    carried_out(lake, larger, tools)
    carried_out(lake, changed(GRAPH), tools)
    lake.pipe(batches()[2])
    lake.advance(FAMILY)
    assert_tables_of(lake, tmp_path / "changed", changed(GRAPH), gone=("large_changes", f"{place}_seen"))
    roll_back(lake.pipeline.con, FAMILY, tools)
    lake.pipeline.restart()
    assert_tables_of(lake, tmp_path / "larger", larger)


@pytest.mark.parametrize("table", [FAMILY, "stg_property_price_changes"])
def test_a_staging_table_and_what_reads_it_go_back_together(table, lake, tools, tmp_path):
    doubled = graph_with(GRAPH, "stg_property_price_changes", "end as change_ppb", "end * 2 as change_ppb")
    carried_out(lake, with_a_column(doubled), tools)
    roll_back(lake.pipeline.con, table, tools)
    lake.pipeline.restart()
    lake.pipe(batches()[2])
    lake.advance(FAMILY)
    expected = fresh(tmp_path / "fresh", GRAPH)
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)
    assert [item for item in compare_days(lake.pipeline.con, GRAPH, FAMILY, None) if item.differs] == []


def test_a_family_does_not_go_back_below_a_staging_table_that_was_swapped_since(lake, tools):
    doubled = graph_with(GRAPH, "stg_property_price_changes", "end as change_ppb", "end * 2 as change_ppb")
    carried_out(lake, with_a_column(doubled), tools)
    one_more = "end * 2 as change_ppb, -- Change\n    1 as one"
    find = "end * 2 as change_ppb"
    carried_out(lake, graph_with(with_a_column(doubled), "stg_property_price_changes", find, one_more), tools)
    con = lake.pipeline.con
    assert live_graph(con)["stg_property_price_changes"].generation == 3
    assert live_graph(con)["price_change_windows"].generation == 2
    with pytest.raises(SettingsError, match="take that back first"):
        roll_back(con, FAMILY, tools)
    roll_back(con, "stg_property_price_changes", tools)


def test_there_is_no_way_back_past_what_was_purged_of_the_last_swap(lake, tools):
    carried_out(lake, with_a_column(GRAPH), tools)
    doubled = graph_with(GRAPH, "stg_property_price_changes", "end as change_ppb", "end * 2 as change_ppb")
    carried_out(lake, doubled, tools)
    con = lake.pipeline.con
    purge_retired(con, "stg_property_price_changes", tools.leases)
    with pytest.raises(SettingsError, match="of stg_property_price_changes the former rows were purged"):
        roll_back(con, FAMILY, tools)


def test_what_is_purged_has_no_way_back(lake, tools):
    carried_out(lake, with_tables(GRAPH, "a"), tools)
    carried_out(lake, changed(GRAPH), tools)
    con = lake.pipeline.con
    dropped = purge_retired(con, FAMILY, tools.leases)
    assert {"large_changes__2", "price_change_windows__1", "price_change_windows__2"} <= set(dropped)
    assert purge_retired(con, FAMILY, tools.leases) == []
    with pytest.raises(SettingsError, match="has no retired generation"):
        roll_back(con, FAMILY, tools)
