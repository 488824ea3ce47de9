"""Spoils stored rows of chosen days in each of the ways in which a table can be wrong."""

from datetime import date, datetime, timedelta

from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference import Row

DAY_COLUMNS = {
    "price_change_windows": "window_start",
    "price_change_late": "window_start",
    "market_alerts": "window_start",
    "market_periods": "period_start",
}
"""The public tables over all stored ones, and the column whose day counts."""


def tamper(driver: EngineDriver, *days: date) -> None:
    """Take windows away, double late rows under other offsets, and change alerts and figures, on each of `days`."""
    for day in days:
        for sql in (
            "delete from lake.price_change_windows__1 where {} and zip_code = '78701'",
            "insert into lake.price_change_late__1 "
            "select * replace (kafka_offset + 1000 as kafka_offset) from lake.price_change_late__1 where {}",
            "insert into lake.market_alerts__1 select * replace (event_count + 7 as event_count) "
            "from lake.market_alerts__1 where {} and sign = 1",
            "insert into lake.market_alerts__1 select * replace (-1 as sign) "
            "from lake.market_alerts__1 where {} and sign = 1 and event_count < 7",
        ):
            driver.pipeline.con.execute(sql.format(f"cast(window_start as date) = date '{day}'"))
        on_day = f"period_start = date '{day}'"
        driver.pipeline.con.execute(
            f"insert into lake.market_periods__1 select * replace (-1 as sign) from lake.market_periods__1 "
            f"where {on_day} union all select * replace (coalesce(sales, 0) + 7 as sales) "
            f"from lake.market_periods__1 where {on_day}"
        )


def on_days(rows: list[Row], column: str, days: Days, *, inside: bool) -> list[Row]:
    """The rows whose `column` lies on `days`, or those whose does not."""
    return [row for row in rows if (days.start <= _day(row[column]) < days.end) == inside]


def one_day(day: date) -> Days:
    """That day alone."""
    return Days(day, day + timedelta(days=1))


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    assert isinstance(value, date)
    return value
