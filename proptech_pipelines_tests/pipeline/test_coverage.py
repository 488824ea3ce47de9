"""What is not covered, found by counts: families behind, generations that are not live, days that lack rows."""

from datetime import date, timedelta

import pytest

from proptech_pipelines.pipeline.coverage import (
    OtherGeneration,
    UncoveredDay,
    families_behind,
    family_is_covered,
    other_generations,
    uncovered_days,
)
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.tampering import tamper

MAY_1, MAY_2 = date(2024, 5, 1), date(2024, 5, 2)
CHANGES = "price_change_analysis"


@pytest.fixture
def lake(engine_after_three_days):
    """The lake at the end of the log."""
    return engine_after_three_days


def days(lake, family=CHANGES):
    return uncovered_days(lake.pipeline.con, lake.pipeline.graph, family)


def test_nothing_is_uncovered_in_a_lake_that_followed_its_log(lake):
    con, graph = lake.pipeline.con, lake.pipeline.graph
    assert families_behind(con, graph, graph.families) == []
    assert other_generations(con) == []
    for family in graph.families:
        assert days(lake, family) == []
        assert family_is_covered(con, family).passed


def test_days_with_missing_or_surplus_rows_are_named_with_both_numbers(lake):
    con = lake.pipeline.con
    con.execute("delete from price_change_windows__1 where cast(window_start as date) = '2024-05-01'")
    con.execute("insert into price_change_late__1 from price_change_late__1 limit 1")
    assert days(lake) == [
        UncoveredDay("price_change_late", 1, MAY_2, 1, 2),
        UncoveredDay("price_change_windows", 1, MAY_1, 3, 0),
    ]
    assert not family_is_covered(con, CHANGES).passed


def test_a_window_that_lacks_one_of_its_changes_is_uncovered(engine):
    engine.pipe([price_change(n, "2024-05-01T10:30:00", 100, 101) for n in range(2)])
    engine.advance()
    engine.pipeline.con.execute("update price_change_windows__1 set event_count = 1")
    assert days(engine) == [UncoveredDay("price_change_windows", 1, MAY_1, 2, 1)]


def test_a_wrong_value_is_not_found_by_counts(lake):
    lake.pipeline.con.execute("update price_change_windows__1 set change_sum = change_sum + 1")
    assert days(lake) == []


def test_rows_that_wait_for_a_family_are_counted_and_call_it_halted_only_once_they_are_old(lake):
    lake.pipe([price_change(90, "2024-05-03T10:30:00", 100, 101)])
    con, graph = lake.pipeline.con, lake.pipeline.graph
    lake.advance("market_index")
    behind = families_behind(con, graph, graph.families)
    assert "market_index" not in {item.family for item in behind}
    (found,) = [item for item in behind if item.family == CHANGES]
    assert (found.transactions, found.rows, found.is_halted) == (1, 1, False)
    assert family_is_covered(con, CHANGES).passed
    con.execute("update ledger set committed_at = committed_at - interval 1 hour where writer = 'ingest'")
    (found,) = [item for item in families_behind(con, graph, graph.families) if item.family == CHANGES]
    assert found.is_halted
    assert timedelta(seconds=found.seconds) >= timedelta(hours=1)
    assert not family_is_covered(con, CHANGES).passed
    lake.advance()
    assert families_behind(con, graph, graph.families) == []


def test_generations_that_are_not_live_are_shown_with_where_they_stand(lake):
    con = lake.pipeline.con
    con.execute(
        "insert into generations select * replace (2 as generation, 'building' as state) "
        "from generations where table_name = 'market_periods'"
    )
    con.execute(
        "insert into ledger select * replace ('market_index__2' as writer, 1 as input_commit) "
        "from ledger where writer = 'market_index' limit 1"
    )
    assert other_generations(con) == [OtherGeneration("market_periods", 2, "building", 1, 2)]


def test_tables_that_were_spoiled_by_rows_are_uncovered_on_these_days_alone(lake):
    tamper(lake, MAY_1)
    assert {item.day for item in days(lake)} == {MAY_1}
