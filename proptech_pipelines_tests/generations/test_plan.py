"""Plans: found from what is live and what is to come, carried out by themselves or when approved, once."""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import pytest
from duckdb import CatalogException

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.generations import live_graph, shadow_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.plans import read_plans, set_state
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.pipeline.build import Built, beyond, build, pin, pin_head
from proptech_pipelines.pipeline.plan import PLAN_LEASE, Tools, carry_out, find_plan, propose
from proptech_pipelines.pipeline.rollback import purge_retired, roll_back
from proptech_pipelines_tests.generations.test_swap import (
    FAMILY,
    GRAPH,
    LIMITS,
    TABLES,
    batches,
    changed,
    family_of,
    fresh,
)
from proptech_pipelines_tests.reference import Entry
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.table_equality import assert_same_rows


@pytest.fixture
def tools(lake):
    with Leases(lake.pipeline.settings) as leases:
        yield Tools(leases, LIMITS)


def edited(graph: Graph, name: str, find: str, put: str) -> Graph:
    """`graph` with one model of another text."""
    model = graph[name]
    assert find in model.text
    changed_model = parse_model(name, model.folder, model.text.replace(find, put))
    return Graph.of({**graph.models, name: changed_model}.values())


def with_a_column(graph: Graph) -> Graph:
    """An additive change: a column more in the windows."""
    column = "    count(*) as doubled, -- The same count again\n"
    find = "    min(change_ppb) as min_change_ppb,"
    return edited(graph, "price_change_windows", find, column + find)


def cancel(_: Built) -> None:
    """What Dagster does to a run that a person cancels."""
    raise KeyboardInterrupt


def test_nothing_changed_is_no_plan_and_neither_is_a_comment(lake):
    comment = edited(GRAPH, "price_change_windows", "-- Sum of squares", "-- Sum of the squares")
    assert find_plan(lake.pipeline.con, GRAPH) is None
    assert find_plan(lake.pipeline.con, comment) is None


def test_a_column_more_is_additive_and_is_built_by_itself(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    assert (plan.level, plan.state, plan.may_run) == ("additive", "proposed", True)
    assert "price_change_windows" in plan.tables
    assert plan.events > 0
    done = carry_out(con, graph, plan, tools)
    assert done.state == "swapped"
    lake.pipeline.restart()
    rows = lake.table("price_change_windows")
    assert rows
    assert all(row["doubled"] == row["event_count"] for row in rows)
    assert find_plan(lake.pipeline.con, graph) is None


def test_a_breaking_change_waits_for_approval(lake, tools, tmp_path):
    con, graph = lake.pipeline.con, changed(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    assert (plan.level, plan.may_run) == ("breaking", False)
    with pytest.raises(SettingsError, match="approve"):
        carry_out(con, graph, plan, tools)
    set_state(con, plan.plan_id, "approved")
    done = carry_out(con, graph, plan, tools)
    assert done.state == "swapped"
    assert any(item["new"] + item["gone"] for item in done.report["audit"].values())
    lake.pipeline.restart()
    lake.pipe(batches()[2])
    lake.advance("price_change_analysis")
    expected = fresh(tmp_path / "fresh", graph)
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)


def test_the_same_change_found_twice_is_one_plan_and_another_change_takes_its_place(lake):
    con = lake.pipeline.con
    first, again = propose(con, changed(GRAPH)), propose(con, changed(GRAPH))
    assert first is not None
    assert again == first
    propose(con, with_a_column(GRAPH))
    assert sorted(plan.state for plan in read_plans(con)) == ["dropped", "proposed"]


def test_a_plan_that_stopped_goes_on_and_ends_as_one_that_did_not(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    with pytest.raises(KeyboardInterrupt):
        carry_out(con, graph, plan, replace(tools, on_slice=cancel))
    assert read_plans(con)[0].state == "building"
    assert carry_out(con, graph, plan, tools).state == "swapped"


def test_a_plan_that_another_carried_out_meanwhile_is_done(lake, tools, monkeypatch):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    hold = tools.leases.hold

    @contextmanager
    def hold_after_another(name):
        if name == PLAN_LEASE:
            monkeypatch.undo()
            carry_out(con, graph, plan, tools)
        with hold(name):
            yield

    monkeypatch.setattr(tools.leases, "hold", hold_after_another)
    done = carry_out(con, graph, plan, tools)
    assert done.state == "swapped"
    assert live_graph(con)["price_change_windows"].generation == 2


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


def more(number: int = 25) -> list[Entry]:
    """What comes after all batches: so many events a minute from each other."""
    first = sum(len(batch) for batch in batches())
    return [
        price_change(first + n, f"2024-05-03T{n // 60:02d}:{n % 60:02d}:00", 100, 90 + n % 30)
        for n in range(number)
    ]


def one_by_one(lake, entries: Iterable[Entry]) -> None:
    """Take `entries` in, each in a transaction of its own."""
    for entry in entries:
        lake.pipe([entry])


def test_a_family_that_stays_behind_does_not_hold_up_a_plan(lake, tools, tmp_path):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    one_by_one(lake, [*batches()[2], *more()])
    behind = family_position(con, FAMILY).input_commit
    plan = propose(con, graph)
    assert plan is not None
    done = carry_out(con, graph, plan, tools)
    assert done.state == "swapped"
    assert done.report["audit"]["price_change_windows"]["gone"] == 0
    assert family_position(con, FAMILY).input_commit >= behind + len(more())
    lake.pipeline.restart()
    expected = fresh(tmp_path / "fresh", graph, more())
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)


def test_what_was_audited_before_it_went_beyond_the_live_tables_is_not_audited_again(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    one_by_one(lake, [*batches()[2], *more()])
    plan = propose(con, graph)
    assert plan is not None

    def cancel_beyond(built: Built) -> None:
        if beyond(con, pin(con)):
            cancel(built)

    with pytest.raises(KeyboardInterrupt):
        carry_out(con, graph, plan, replace(tools, on_slice=cancel_beyond))
    stopped = read_plans(con)[0]
    assert stopped.state == "building"
    noted = stopped.report["audit"]
    done = carry_out(con, graph, plan, tools)
    assert done.state == "swapped"
    assert done.report["audit"] == noted
    assert noted["price_change_windows"]["gone"] == noted["price_change_windows"]["new"] == 0


def test_what_is_beyond_the_live_tables_and_was_not_audited_is_built_again(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    one_by_one(lake, [*batches()[2], *more()])
    building.begin(con, graph, family_of(graph))
    list(build(con, LIMITS, pin_head(con)))
    con.execute(f"delete from {shadow_graph(con)['price_change_windows'].table}")
    plan = propose(con, graph)
    assert plan is not None
    done = carry_out(con, graph, plan, tools)
    assert done.report["audit"]["price_change_windows"]["rows_built"] > 0
    lake.pipeline.restart()
    assert lake.table("price_change_windows")


def test_a_stream_as_quick_as_the_build_does_not_hold_up_a_plan(lake, tools, tmp_path):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    rest = iter([*batches()[2], *more(250)])

    def stream(_: Built) -> None:
        one_by_one(lake, islice(rest, 25))
        lake.advance(FAMILY)

    plan = propose(con, graph)
    assert plan is not None
    assert carry_out(con, graph, plan, replace(tools, on_slice=stream)).state == "swapped"
    lake.pipeline.restart()
    left = list(rest)
    assert left
    lake.pipe(left)
    lake.advance(FAMILY)
    expected = fresh(tmp_path / "fresh", graph, more(250))
    for name in TABLES:
        assert_same_rows(lake.table(name), expected[name], name)


def test_the_swap_is_left_no_more_than_one_slice(lake, tools, monkeypatch):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    monkeypatch.setattr("proptech_pipelines.pipeline.advance.max_slice_rows", lambda graph, family: 10)
    one_by_one(lake, batches()[2])
    rest = iter(more(200))

    def stream(_: Built) -> None:
        # Twelve come for each ten that are built: the build comes no nearer before they end.
        one_by_one(lake, islice(rest, 12))

    plan = propose(con, graph)
    assert plan is not None
    assert carry_out(con, graph, plan, replace(tools, on_slice=stream)).state == "swapped"
    assert not list(rest)


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


def test_what_is_purged_has_no_way_back(lake, tools):
    carried_out(lake, with_tables(GRAPH, "a"), tools)
    carried_out(lake, changed(GRAPH), tools)
    con = lake.pipeline.con
    dropped = purge_retired(con, FAMILY, tools.leases)
    assert {"large_changes__2", "price_change_windows__1", "price_change_windows__2"} <= set(dropped)
    assert purge_retired(con, FAMILY, tools.leases) == []
    with pytest.raises(SettingsError, match="has no retired generation"):
        roll_back(con, FAMILY, tools)
