"""A changed model is built beside the live one and swapped in: then the tables are those of a fresh lake."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake import building
from proptech_pipelines.lake.generations import live_graph, shadow_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import advance_family, family_position
from proptech_pipelines.pipeline.build import build, distance, pin, pin_head
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.pipeline.swap import swap
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.any_way import models_of
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.patching import graph_with
from proptech_pipelines_tests.reference import Entry, Row
from proptech_pipelines_tests.reference.log import PRICE_CHANGES
from proptech_pipelines_tests.table_equality import assert_same_rows

FAMILY = "price_change_analysis"
GRAPH = models_of((FAMILY,))
LIMITS = Limits(86_400_000, 32_768)
TABLES = ("price_change_windows", "price_change_late", "market_alerts", "price_change_analysis")


def changed(graph: Graph) -> Graph:
    """Windows that begin with the day, and a limit of 1 % instead of 5 %."""
    for name, find, put in (
        ("price_change_hours", "// 3600000000 * 3600000000", "// 86400000000 * 86400000000"),
        ("price_change_rates", "20 * abs(change_sum)", "100 * abs(change_sum)"),
    ):
        graph = graph_with(graph, name, find, put)
    return graph


def family_of(graph: Graph) -> list[str]:
    return [model.name for model in graph.market if model.family == FAMILY]


def batches() -> list[list[Entry]]:
    """Three micro-batches of price changes."""
    log = [entry for batch in three_days() for entry in batch if entry.topic == PRICE_CHANGES]
    third = len(log) // 3
    return [log[:third], log[third : 2 * third], log[2 * third :]]


def fresh(
    folder: Path, graph: Graph, more: Sequence[Entry] = (), names: Sequence[str] = TABLES
) -> dict[str, list[Row]]:
    """The tables of a lake that was made with `graph`, at the end of all batches and of what came `more`."""
    with EngineDriver(folder / "lake", make_template(folder / "template", graph)) as driver:
        for batch in [*batches(), more]:
            driver.pipe(batch)
        driver.advance(FAMILY)
        return {name: driver.table(name) for name in names}


def swapped(lake, graph: Graph) -> None:
    con = lake.pipeline.con
    building.begin(con, graph, family_of(graph))
    assert list(build(con, LIMITS, pin(con)))
    with Leases(lake.pipeline.settings) as leases:
        swap(con, leases, LIMITS)
    lake.pipeline.restart()


def test_the_changed_models_give_other_tables(tmp_path):
    old, new = fresh(tmp_path / "old", GRAPH), fresh(tmp_path / "new", changed(GRAPH))
    assert [name for name in TABLES if old[name] == new[name]] == []


def test_a_swapped_table_is_that_of_a_fresh_lake_and_goes_on_with_the_stream(lake, tmp_path):
    graph = changed(GRAPH)
    swapped(lake, graph)
    lake.pipe(batches()[2])
    lake.advance(FAMILY)
    expected = fresh(tmp_path / "fresh", graph)
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)
    con = lake.pipeline.con
    assert [item for item in compare_days(con, live_graph(con), FAMILY, None) if item.differs] == []


def test_readers_see_the_old_tables_until_the_swap(lake):
    before = {name: lake.table(name) for name in TABLES}
    con = lake.pipeline.con
    building.begin(con, changed(GRAPH), family_of(GRAPH))
    for _ in build(con, LIMITS, pin(con)):
        for name in TABLES:
            assert_same_rows(lake.table(name), before[name], name)
    assert distance(con, pin_head(con)) == 0


def test_a_writer_with_the_former_models_cannot_write_after_the_swap(lake):
    con, graph = lake.pipeline.con, lake.pipeline.graph
    swapped(lake, changed(GRAPH))
    con = lake.pipeline.con
    lake.pipe(batches()[2])
    position = family_position(con, FAMILY)
    cut = lake.pipeline.ingest.positions
    part = Slice(position.input_commit, cut.commit_number)
    with pytest.raises(LedgerConflict):
        advance_family(con, graph, FAMILY, position, part, cut.control_number)


def test_a_rollback_brings_the_former_tables_to_the_head_first(lake, tmp_path):
    swapped(lake, changed(GRAPH))
    lake.pipe(batches()[2])
    lake.advance(FAMILY)
    con = lake.pipeline.con
    building.take_back(con, dict.fromkeys(family_of(GRAPH), 1))
    list(build(con, LIMITS, pin(con)))
    with Leases(lake.pipeline.settings) as leases:
        swap(con, leases, LIMITS)
    lake.pipeline.restart()
    expected = fresh(tmp_path / "fresh", GRAPH)
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)


def test_what_is_built_anew_of_another_text_is_dropped_first(lake):
    con = lake.pipeline.con
    building.begin(con, changed(GRAPH), family_of(GRAPH))
    list(build(con, LIMITS, pin(con)))
    building.begin(con, GRAPH, family_of(GRAPH))
    assert distance(con, pin_head(con)) > 0
    building.drop_building(con)
    assert shadow_graph(con).models == live_graph(con).models


def test_a_staging_table_is_made_again_from_raw_bytes_with_a_new_column(lake):
    con = lake.pipeline.con
    model = GRAPH["stg_property_price_changes"]
    old = "    oldPrice as old_price,"
    graph = graph_with(GRAPH, model.name, old, f"    oldPrice + newPrice as both_prices, -- x\n{old}")
    before = lake.table(model.name)
    building.begin(con, graph, [model.name])
    list(build(con, LIMITS, pin(con)))
    with Leases(lake.pipeline.settings) as leases:
        swap(con, leases, LIMITS)
    lake.pipeline.restart()
    after = lake.table(model.name)
    assert_same_rows(
        [{k: v for k, v in row.items() if k != "both_prices"} for row in after], before, "staging"
    )
    assert all(row["both_prices"] == row["old_price"] + row["new_price"] for row in after)
    lake.pipe(batches()[2])
    assert all(row["both_prices"] for row in lake.table(model.name))
