"""Backfills by hand, on a lake without Kafka: every form, long ranges, and what they leave alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.pipeline import backfill_days
from proptech_pipelines.pipeline.backfill import Request, backfill, families_of
from proptech_pipelines.pipeline.backfill_days import OffsetRange, by_rows, days_through, days_touched, runs
from proptech_pipelines.pipeline.compare import Days, compare_days
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.equivalence import (
    assert_equals_reference,
    assert_replay_differs_nowhere,
    tables,
)
from proptech_pipelines_tests.reference.building import price_change, report
from proptech_pipelines_tests.reference.building_property import listing, step
from proptech_pipelines_tests.tampering import one_day, tamper

LOG = [entry for batch in three_days() for entry in batch]
MAY_1, MAY_2, MAY_3 = (date(2024, 5, day) for day in (1, 2, 3))
CHANGES, FIGURES = "price_change_analysis", "market_index"


@pytest.fixture
def lake(engine_after_three_days):
    """The lake at the end of the log, every day of its price changes spoiled, January and February of its figures."""
    tamper(engine_after_three_days, MAY_1, MAY_2, MAY_3, date(2020, 1, 1), date(2020, 2, 1))
    return engine_after_three_days


def run(lake, request):
    """Carry a request out; by table, rows missing, rows surplus and the days of both."""
    found: dict[str, tuple[int, int, list[str]]] = {}
    with Leases(lake.pipeline.settings) as leases:
        for done in backfill(lake.pipeline.con, leases, request):
            for item in done.tables:
                missing, surplus, days = found.get(item.table, (0, 0, []))
                more = [str(day) for day in item.days if str(day) not in days]
                found[item.table] = (missing + item.missing, surplus + item.surplus, days + more)
    return found


def stored(lake, *families):
    """Every stored row with all its columns, its transaction number among them, as sorted texts by table."""
    graph = lake.pipeline.graph
    return {
        model.name: sorted(map(str, lake.table(f"{model.name}__1")))
        for family in families or graph.families
        for model in graph.stored(family)
    }


def differing(lake, family):
    """The days on which tables of a family are not what the log gives."""
    found = compare_days(lake.pipeline.con, lake.pipeline.graph, family, None)
    return sorted({day for item in found for day in item.days})


def test_a_dry_run_tells_missing_and_surplus_rows_with_their_days_and_writes_nothing(lake):
    before = stored(lake)
    found = run(lake, Request("market_alerts", Days(MAY_1, MAY_3), dry_run=True))
    assert found == {
        "price_change_windows": (4, 0, ["2024-05-01", "2024-05-02"]),
        "price_change_late": (0, 2, ["2024-05-01", "2024-05-02"]),
        "market_alerts": (4, 4, ["2024-05-01", "2024-05-02"]),
    }
    assert stored(lake) == before


def test_the_whole_family_of_a_view_becomes_right_on_the_days_and_no_other_row_is_written(lake):
    before = stored(lake)
    run(lake, Request("price_change_analysis", one_day(MAY_2)))
    assert differing(lake, CHANGES) == [MAY_1, MAY_3]
    for name, rows in stored(lake).items():
        elsewhere = [row for row in before[name] if "'window_start': datetime.datetime(2024, 5, 2" not in row]
        assert [row for row in rows if "'window_start': datetime.datetime(2024, 5, 2" not in row] == elsewhere


def test_rows_that_were_right_keep_their_transaction_numbers_inside_the_days_too(engine):
    engine.pipe(
        [price_change(0, "2024-05-01T10:30:00", 100, 120), price_change(1, "2024-05-03T10:30:00", 100, 99)]
    )
    engine.advance(CHANGES)
    engine.pipe([price_change(n, "2024-05-01T10:30:00", 100, 101, zip_code=f"7870{n}") for n in (2, 3)])
    engine.advance(CHANGES)
    late, windows = "price_change_late__1", "price_change_windows__1"
    before = stored(engine, CHANGES)
    assert len(before["price_change_late"]) == 2
    con = engine.pipeline.con
    con.execute(f"insert into {late} select * from {late} where kafka_offset = 2")
    con.execute(f"delete from {late} where kafka_offset = 3")
    con.execute(f"insert into {windows} select * from {windows} where window_start < '2024-05-02'")
    assert run(engine, Request("market_alerts", one_day(MAY_1)))["price_change_late"] == (
        1,
        1,
        ["2024-05-01"],
    )
    after = stored(engine, CHANGES)
    quiet = head(con, CHANGES)
    numbers = con.execute(f"select kafka_offset, commit_number from {late} order by all").fetchall()
    assert numbers == [(2, 2), (3, quiet)]
    assert set(before["price_change_late"]) - set(after["price_change_late"]) == {
        before["price_change_late"][1]
    }
    assert con.execute(f"select day(window_start), commit_number from {windows} order by all").fetchall() == [
        (1, quiet),
        (3, 1),
    ]
    assert_replay_differs_nowhere(engine)


def test_differing_replaces_days_that_differ_alone(lake):
    run(lake, Request(CHANGES, Days(MAY_2, MAY_3)))
    numbers = lake.pipeline.con.execute(
        "select distinct commit_number from price_change_windows__1 where cast(window_start as date) = '2024-05-02'"
    ).fetchall()
    found = run(lake, Request(CHANGES, Days(MAY_1, date(2024, 5, 9)), only_differing=True))
    assert found["price_change_windows"] == (4, 0, ["2024-05-01", "2024-05-03"])
    assert differing(lake, CHANGES) == []
    assert (
        numbers
        == lake.pipeline.con.execute(
            "select distinct commit_number from price_change_windows__1 where cast(window_start as date) = '2024-05-02'"
        ).fetchall()
    )


def test_event_times_are_the_days_that_they_touch():
    moment = datetime(2024, 5, 1, 23, 59, tzinfo=UTC)
    assert days_touched(moment, moment + timedelta(minutes=1)) == one_day(MAY_1)
    assert days_touched(moment, moment + timedelta(minutes=1, microseconds=1)) == Days(MAY_1, MAY_3)
    assert days_through(MAY_1, MAY_1) == one_day(MAY_1)
    assert days_through(None, None) is None
    for wrong in ((MAY_1, None), (None, MAY_1), (MAY_2, MAY_1)):
        with pytest.raises(SettingsError):
            days_through(*wrong)


def test_offsets_are_the_days_of_the_rows_staged_from_them(lake):
    offsets = OffsetRange.parse("property-price-changes:0:3-6")
    found = run(lake, Request("market_alerts", offsets=(offsets,)))
    assert found["price_change_windows"] == (2, 0, ["2024-05-02"])
    assert differing(lake, CHANGES) == [MAY_1, MAY_3]


def test_offsets_of_figures_are_the_months_that_they_are_about(lake):
    offsets = OffsetRange.parse("market-data:0:1-3")
    assert run(lake, Request(FIGURES, offsets=(offsets,)))["market_periods"] == (1, 1, ["2020-02-01"])


@pytest.mark.parametrize(
    "text", ["property-views", "property-views:0:5-5", "property-views:x:1-2", "a:0:-1-2"]
)
def test_what_is_no_range_of_offsets_is_refused(text):
    with pytest.raises(SettingsError):
        OffsetRange.parse(text)


def test_offsets_from_which_no_row_was_staged_are_refused(lake):
    with pytest.raises(SettingsError, match="No row was staged"):
        run(lake, Request(CHANGES, offsets=(OffsetRange.parse("property-price-changes:0:90-99"),)))


def test_a_key_mends_its_rows_on_all_days_and_leaves_those_of_others_as_they_are(lake):
    lake.pipeline.con.execute("delete from price_change_windows__1 where zip_code = '75501'")
    before = stored(lake, CHANGES)
    run(lake, Request("market_alerts", key=(("zip_code", "78701"),)))
    for name, rows in stored(lake, CHANGES).items():
        others = [row for row in before[name] if "'zip_code': '78701'" not in row]
        assert [row for row in rows if "'zip_code': '78701'" not in row] == others
    assert differing(lake, CHANGES) == [MAY_1, MAY_2, MAY_3]
    run(lake, Request("market_alerts", key=(("zip_code", "75501"),)))
    assert differing(lake, CHANGES) == []


def test_a_key_and_days_together_are_the_rows_of_both(lake):
    run(lake, Request("market_alerts", one_day(MAY_2), key=(("zip_code", "78701"),)))
    run(lake, Request("market_alerts", one_day(MAY_2), key=(("zip_code", "75501"),)))
    assert differing(lake, CHANGES) == [MAY_1, MAY_3]


@pytest.mark.parametrize(
    ("table", "key", "known"),
    [
        ("price_change_windows", (("property_id", "P1"),), "window_start, zip_code"),
        ("market_index", (("region", "Austin"),), "period_start"),
        ("property_search_index", (("zip_code", "95814"),), "property_id"),
    ],
)
def test_a_key_by_which_rows_cannot_be_told_apart_is_refused_with_those_that_can(engine, table, key, known):
    with pytest.raises(SettingsError, match=known):
        run(engine, Request(table, key=key))


def test_a_value_that_its_column_cannot_hold_is_refused(engine):
    with pytest.raises(SettingsError, match="correct the value"):
        run(engine, Request("market_alerts", key=(("window_start", "noon"),)))


@pytest.mark.parametrize("table", ["stg_property_views", "late_events", "event_log", "no_such_table"])
def test_a_table_that_nothing_derives_is_refused(engine, table):
    with pytest.raises(SettingsError, match="no table that can be derived"):
        run(engine, Request(table, one_day(MAY_1)))


def test_a_request_without_days_offsets_or_key_is_refused(engine):
    with pytest.raises(SettingsError, match="needs days"):
        run(engine, Request("market_alerts"))


def test_a_subtree_is_every_family_that_reads_one_of_the_same_staging_tables(engine):
    graph = engine.pipeline.graph
    whole = families_of(graph, "market_alerts", subtree=True)
    assert whole == families_of(graph, "stg_property_price_changes", subtree=True)
    assert {"price_change_analysis", "price_drop_notifications", "stale_price_cuts"} <= set(whole)
    assert FIGURES not in whole
    assert families_of(graph, FIGURES, subtree=True) == [FIGURES]


def test_a_subtree_is_mended_in_one_call(engine):
    engine.pipe([price_change(0, "2024-05-01T10:30:00", 100, 70)])
    engine.advance()
    con = engine.pipeline.con
    con.execute("delete from price_change_windows__1")
    con.execute("delete from price_cut_first_views__1")
    run(engine, Request("stg_property_price_changes", one_day(MAY_1), subtree=True))
    assert_replay_differs_nowhere(engine)
    assert len(engine.table("price_change_windows")) == len(engine.table("stale_price_cuts")) == 1


@pytest.fixture
def each_day(monkeypatch):
    """Days that have rows are derived one by one, however few those are."""
    monkeypatch.setattr(backfill_days, "MOST_ROWS", 0)


def test_days_with_few_rows_are_derived_together(lake):
    request = Request("market_index", Days(date(2019, 1, 1), date(2021, 6, 1)))
    with Leases(lake.pipeline.settings) as leases:
        found = [done.days for done in backfill(lake.pipeline.con, leases, request)]
    assert found == [Days(date(2019, 1, 1), date(2020, 12, 1)), Days(date(2020, 12, 1), date(2021, 6, 1))]


@pytest.mark.usefixtures("each_day")
def test_four_hundred_days_are_mended_in_one_call_stretch_by_stretch(lake):
    for table, first, wanted in (
        ("market_alerts", date(2023, 3, 31), 3),
        ("market_index", date(2020, 1, 1), 3),
    ):
        with Leases(lake.pipeline.settings) as leases:
            request = Request(table, Days(first, first + timedelta(days=400)))
            stretches = [done.days for done in backfill(lake.pipeline.con, leases, request) if done.days]
        assert len(stretches) == wanted
        assert sum((part.end - part.start).days for part in stretches) == 400
    assert_equals_reference(tables(lake), LOG)
    assert_replay_differs_nowhere(lake)


@pytest.mark.usefixtures("each_day")
def test_rows_that_rest_on_stretches_that_come_later_are_right_at_the_end(engine):
    engine.pipe(
        [
            listing(0, "2024-05-01T09:00:00"),
            step(0, "2024-05-01T10:00:00", "LISTED", 520_000),
            step(1, "2024-06-02T10:00:00", "PRICE_REDUCED", 500_000),
        ]
    )
    engine.advance("property_history")
    con = engine.pipeline.con
    for name in ("property_history", "property_days", "property_search_index"):
        con.execute(f"delete from {name}__1")
    run(engine, Request("property_search_index", Days(MAY_1, date(2024, 7, 1))))
    assert_replay_differs_nowhere(engine)
    (row,) = engine.table("property_search_index")
    assert (row["price"], row["updated_at"]) == (500_000, datetime(2024, 6, 2, 10, 0))  # noqa: DTZ001


@pytest.mark.usefixtures("each_day")
def test_a_backfill_that_ends_in_the_middle_leaves_whole_stretches_and_goes_on_when_repeated(engine):
    engine.pipe(
        [report(n, "2024-05-01T12:00:00", "Austin", (2020, n + 1), 100 + n, sales=1) for n in range(5)]
    )
    engine.advance(FIGURES)
    con = engine.pipeline.con
    con.execute("update lake.market_periods__1 set sales = 7")
    request = Request(FIGURES, Days(date(2020, 1, 1), date(2020, 6, 1)))
    with Leases(engine.pipeline.settings) as leases:
        going = backfill(con, leases, request)
        assert [next(going).tables[0].missing for _ in range(2)] == [1, 1]
        going.close()
    assert [row["sales"] for row in engine.table("market_periods")].count(1) == 2
    engine.pipeline.restart()
    assert run(engine, replace(request, dry_run=True))["market_periods"][0] == 3
    run(engine, request)
    assert_replay_differs_nowhere(engine)
    assert [row["sales"] for row in engine.table("market_periods")] == [1] * 5


def test_days_are_joined_to_ranges_and_cut_where_rows_are_many():
    assert runs([MAY_3, MAY_1, MAY_2, date(2024, 5, 5)]) == [
        Days(MAY_1, date(2024, 5, 4)),
        one_day(date(2024, 5, 5)),
    ]
    some, many = 1, backfill_days.MOST_ROWS
    spring = Days(date(2024, 4, 1), date(2024, 6, 1))
    assert list(by_rows(spring, {})) == list(by_rows(spring, {MAY_1: many})) == [spring]
    assert list(by_rows(spring, {MAY_1: some, MAY_2: many, MAY_3: some})) == [
        Days(spring.start, MAY_2),
        one_day(MAY_2),
        Days(MAY_3, spring.end),
    ]
    years = Days(date(2020, 1, 1), date(2024, 6, 1))
    for rows in ({}, {MAY_1: some}):
        found = list(by_rows(years, rows))
        assert [part.start for part in found] == [years.start, *[part.end for part in found[:-1]]]
        assert (found[-1].end, len(found)) == (years.end, 3)
