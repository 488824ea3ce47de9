"""Days derived again: what was wrong on them becomes right, what is not on them stays, row for row."""

from dataclasses import replace
from datetime import date

import pytest

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.pipeline.compare import Days, compare_days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.equivalence import (
    assert_equals_reference,
    assert_replay_differs_nowhere,
    tables,
)
from proptech_pipelines_tests.reference import TABLES
from proptech_pipelines_tests.reference.log import MARKET_DATA
from proptech_pipelines_tests.table_equality import assert_same_rows
from proptech_pipelines_tests.tampering import DAY_COLUMNS, on_days, one_day, tamper

LOG = [entry for batch in three_days() for entry in batch]
MAY_1, MAY_2, MAY_3 = (date(2024, 5, day) for day in (1, 2, 3))
JANUARY, FEBRUARY, MARCH = (date(2020, month, 1) for month in (1, 2, 3))
CHANGES, FIGURES = "price_change_analysis", "market_index"
TABLES_OF = {
    CHANGES: ("price_change_windows", "price_change_late", "market_alerts"),
    FIGURES: ("market_periods",),
}


@pytest.fixture
def lake(engine_after_three_days):
    """The lake at the end of the log, every day of it spoiled."""
    tamper(engine_after_three_days, MAY_1, MAY_2, MAY_3, JANUARY, FEBRUARY, MARCH)
    return engine_after_three_days


def rebuild(lake, family, days):
    with Leases(lake.pipeline.settings) as leases:
        return rebuild_days(lake.pipeline.con, leases, lake.pipeline.graph, family, days)


def stored(lake, family):
    """Every stored row of a family with all its columns, its commit number among them."""
    graph = lake.pipeline.graph
    return {model.name: lake.table(f"{model.name}__1") for model in graph.stored(family)}


@pytest.mark.parametrize(
    ("family", "days"),
    [
        (CHANGES, one_day(MAY_1)),
        (CHANGES, one_day(MAY_2)),
        (CHANGES, Days(MAY_2, date(2024, 5, 4))),
        (CHANGES, Days(date(2000, 1, 1), date(2030, 1, 1))),
        (FIGURES, one_day(JANUARY)),
        (FIGURES, one_day(FEBRUARY)),
        (FIGURES, Days(FEBRUARY, date(2020, 3, 2))),
    ],
)
def test_rebuilt_days_become_right_and_others_stay_as_they_are(lake, family, days):
    before = tables(lake)
    derived = rebuild(lake, family, days)
    assert all(item.differs for item in derived)
    for name in TABLES_OF[family]:
        column, after = DAY_COLUMNS[name], lake.table(name)
        expected = on_days(TABLES[name](LOG), column, days, inside=True)
        assert expected
        assert_same_rows(on_days(after, column, days, inside=True), expected, name)
        assert_same_rows(
            on_days(after, column, days, inside=False),
            on_days(before[name], column, days, inside=False),
            name,
        )


def test_rows_of_other_days_are_not_even_written_again(lake):
    before = stored(lake, CHANGES)
    rebuild(lake, CHANGES, one_day(MAY_2))
    for name, rows in stored(lake, CHANGES).items():
        assert_same_rows(
            on_days(rows, "window_start", one_day(MAY_2), inside=False),
            on_days(before[name], "window_start", one_day(MAY_2), inside=False),
            name,
        )


def test_two_ranges_one_after_the_other_mend_the_whole_table(lake):
    for days in (one_day(MAY_3), Days(MAY_1, MAY_3)):
        rebuild(lake, CHANGES, days)
    for days in (Days(JANUARY, FEBRUARY), Days(FEBRUARY, date(2020, 4, 1))):
        rebuild(lake, FIGURES, days)
    assert_equals_reference(tables(lake), LOG)
    assert_replay_differs_nowhere(lake)


def test_figures_of_a_day_look_back_to_months_that_are_not_among_the_days(lake):
    rebuild(lake, FIGURES, one_day(FEBRUARY))
    changes = {row["period_start"]: row["median_change_month_ppb"] for row in lake.table("market_periods")}
    assert changes[FEBRUARY] == 10_000


def test_nothing_is_written_where_nothing_differs(engine_after_three_days):
    engine = engine_after_three_days
    con = engine.pipeline.con
    before = [stored(engine, family) for family in TABLES_OF] + [engine.table("ledger")]
    heads = [head(con, family) for family in TABLES_OF]
    for family in TABLES_OF:
        derived = rebuild(engine, family, Days(date(2000, 1, 1), date(2030, 1, 1)))
        assert [item for item in derived if item.differs] == []
        assert sum(item.rows for item in derived) > 0
    assert [head(con, family) for family in TABLES_OF] == heads
    assert [stored(engine, family) for family in TABLES_OF] + [engine.table("ledger")] == before


def test_days_without_rows_are_rebuilt_to_nothing(lake):
    before = tables(lake)
    derived = rebuild(lake, CHANGES, Days(date(2024, 4, 1), MAY_1))
    assert [(item.rows, item.missing, item.surplus) for item in derived] == [(0, 0, 0)] * len(derived)
    assert tables(lake) == before


def test_rows_of_a_day_on_which_the_log_has_none_are_removed(lake):
    lake.pipeline.con.execute(
        "insert into lake.market_alerts__1 select * replace (timestamp '2024-04-30 23:00:00' as window_start) "
        "from lake.market_alerts__1 where sign = 1 limit 1"
    )
    rebuild(lake, CHANGES, one_day(date(2024, 4, 30)))
    starts = [row["window_start"] for row in lake.table("market_alerts")]
    assert [start for start in starts if start.date() < MAY_1] == []


def test_the_stream_goes_on_right_after_a_rebuild(lake):
    for family, days in (
        (CHANGES, Days(MAY_1, date(2024, 5, 4))),
        (FIGURES, Days(JANUARY, date(2020, 4, 1))),
    ):
        rebuild(lake, family, days)
    figures = [entry for entry in LOG if entry.topic == MARKET_DATA]
    again = [replace(entry, partition=1) for entry in figures]
    lake.pipe(again)
    lake.advance()
    assert_equals_reference(tables(lake), [*LOG, *again])


def test_comparing_changes_nothing_and_tells_how_many_rows_differ(lake):
    before = [stored(lake, family) for family in TABLES_OF]
    pipeline = lake.pipeline
    found = {
        item.table: (item.missing, item.surplus)
        for item in compare_days(pipeline.con, pipeline.graph, CHANGES, one_day(MAY_2))
    }
    assert found == {"price_change_windows": (2, 0), "price_change_late": (0, 1), "market_alerts": (2, 2)}
    assert [stored(lake, family) for family in TABLES_OF] == before
