"""Plans: found from what is live and what is to come, carried out by themselves or when approved, once."""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.generations import live_graph, shadow_graph
from proptech_pipelines.lake.plans import read_plan, read_plans, set_state
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline import plan as module
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.pipeline.build import Built, beyond, build, pin, pin_head
from proptech_pipelines.pipeline.plan import PLAN_LEASE, approve, carry_out, find_plan, propose
from proptech_pipelines.pipeline.rollback import roll_back
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
from proptech_pipelines_tests.patching import graph_with
from proptech_pipelines_tests.reference import Entry
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.table_equality import assert_same_rows


def with_a_column(graph: Graph) -> Graph:
    """An additive change: a column more in the windows."""
    column = "    count(*) as doubled, -- The same count again\n"
    find = "    min(change_ppb) as min_change_ppb,"
    return graph_with(graph, "price_change_windows", find, column + find)


def cancel(_: Built) -> None:
    """What Dagster does to a run that a person cancels."""
    raise KeyboardInterrupt


def test_nothing_changed_is_no_plan_and_neither_is_a_comment(lake):
    comment = graph_with(GRAPH, "price_change_windows", "-- Sum of squares", "-- Sum of the squares")
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


def test_a_plan_that_was_dropped_is_as_new_when_the_installation_leads_to_it_again(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    first = propose(con, graph)
    assert first is not None
    propose(con, changed(GRAPH))
    again = propose(con, graph)
    assert again == first
    assert sorted(plan.state for plan in read_plans(con)) == ["dropped", "proposed"]
    assert carry_out(con, graph, again, tools).state == "swapped"


def test_a_plan_that_was_being_built_is_dropped_for_another(lake, tools):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    with pytest.raises(KeyboardInterrupt):
        carry_out(con, graph, plan, replace(tools, on_slice=cancel))
    propose(con, changed(GRAPH))
    assert sorted(plan.state for plan in read_plans(con)) == ["dropped", "proposed"]


def test_a_kill_right_behind_the_swap_leaves_a_plan_that_is_carried_out(lake, tools, monkeypatch):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    swap = module.swap

    def killed(*arguments):
        swap(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "swap", killed)
    with pytest.raises(KeyboardInterrupt):
        carry_out(con, graph, plan, tools)
    monkeypatch.undo()
    (kept,) = read_plans(con)
    assert (kept.state, set(kept.report)) == ("swapped", {"audit", "swapped"})
    assert carry_out(con, graph, plan, tools) == kept
    roll_back(con, FAMILY, tools)
    back = propose(con, graph)
    assert back is not None
    assert (back.plan_id, back.may_run) == (plan.plan_id, False)
    with pytest.raises(SettingsError, match="approve it"):
        carry_out(con, graph, plan, tools)
    approve(con, graph, back)
    assert carry_out(con, graph, back, tools).state == "swapped"


def test_only_the_plan_that_the_installation_leads_to_is_approved(lake, tools):
    con, graph = lake.pipeline.con, changed(GRAPH)
    plan = propose(con, graph)
    assert plan is not None
    other = propose(con, with_a_column(GRAPH))
    assert other is not None
    with pytest.raises(SettingsError, match="do not lead to it any more"):
        approve(con, with_a_column(GRAPH), plan)
    approve(con, with_a_column(GRAPH), other)
    assert sorted(item.state for item in read_plans(con)) == ["dropped", "proposed"]
    carry_out(con, with_a_column(GRAPH), other, tools)
    with pytest.raises(SettingsError, match="is swapped, and"):
        approve(con, with_a_column(GRAPH), read_plans(con)[0])
    assert read_plan(con, "") is None


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


@pytest.mark.long
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


@pytest.mark.long
def test_the_swap_is_left_no_more_than_one_slice(lake, tools, monkeypatch):
    con, graph = lake.pipeline.con, with_a_column(GRAPH)
    for where in ("log_slices.max_slice_rows", "build.max_slice_rows", "build.following_slice_rows"):
        monkeypatch.setattr(f"proptech_pipelines.pipeline.{where}", lambda graph, family, *given: 10)
    one_by_one(lake, batches()[2])
    rest = iter(more(200))

    def stream(_: Built) -> None:
        # Twelve come for each ten that are built: the build comes no nearer before they end.
        one_by_one(lake, islice(rest, 12))

    plan = propose(con, graph)
    assert plan is not None
    assert carry_out(con, graph, plan, replace(tools, on_slice=stream)).state == "swapped"
    assert not list(rest)
