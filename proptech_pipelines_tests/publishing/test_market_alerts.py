"""Changes of market_alerts as messages: raised, revised, retracted, and silent where days are derived again."""

from datetime import UTC, date, datetime

import pytest

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.publishing.market_alerts import market_alerts_outbox, percentages
from proptech_pipelines.publishing.rows import message_id
from proptech_pipelines.testing import PipelineDriver, Record
from proptech_pipelines_tests.publishing.decoded import decoded, prefix

HOUR = datetime(2026, 1, 1, 10, tzinfo=UTC)
START_MS = int(HOUR.timestamp() * 1000)


@pytest.fixture
def driver(tmp_path):
    with PipelineDriver(tmp_path / "lake") as driver:
        yield driver


def change(offset, new_price):
    value = {
        "propertyId": "P1",
        "zipCode": "95838",
        "stateCode": "CA",
        "oldPrice": 100_000,
        "newPrice": new_price,
    }
    return Record(
        "property-price-changes", 0, offset, START_MS + offset, {**value, "changedAt": START_MS + offset}
    )


def take(driver, *records):
    driver.pipe(records)
    driver.advance("price_change_analysis")


def messages(driver, low, high):
    found = list(market_alerts_outbox(prefix).read(driver.con, low, high))
    assert {message.topic for message in found} <= {"market-alerts"}
    values = [decoded(message) for message in found]
    assert all(value["eventCount"] == value["revision"] for value in values)
    return [(value["status"], value["revision"], value["averageChangePercent"]) for value in values]


def test_a_window_beyond_a_limit_is_raised_revised_and_retracted_under_rising_revisions(driver):
    take(driver, change(0, 90_000))
    take(driver, change(1, 92_000))
    take(driver, change(2, 118_000))
    assert messages(driver, 0, 1) == [("RAISED", 1, -10.0)]
    assert messages(driver, 1, 2) == [("RAISED", 2, -9.0)]
    assert messages(driver, 2, 3) == [("RETRACTED", 3, 0.0)]
    assert messages(driver, 0, 3) == messages(driver, 0, 1) + messages(driver, 1, 2) + messages(driver, 2, 3)


def test_a_window_that_stays_within_the_limits_says_nothing(driver):
    take(driver, change(0, 99_000))
    assert messages(driver, 0, 1) == []


def test_days_that_are_derived_again_say_nothing_even_where_rows_change(driver):
    take(driver, change(0, 90_000))
    driver.con.execute("delete from market_alerts__1")
    days = Days(date(2026, 1, 1), date(2026, 1, 2))
    with Leases(driver.settings) as leases:
        derived = rebuild_days(driver.con, leases, driver.graph, "price_change_analysis", days)
    assert [item.table for item in derived if item.differs] == ["market_alerts"]
    assert len(driver.table("market_alerts")) == 1
    assert messages(driver, 1, 2) == []
    take(driver, change(1, 92_000))
    assert messages(driver, 2, 3) == [("RAISED", 2, -9.0)]


def test_the_id_is_of_table_key_window_and_revision(driver):
    take(driver, change(0, 90_000))
    (message,) = market_alerts_outbox(prefix).read(driver.con, 0, 1)
    one = decoded(message)["alertId"]
    assert len(one) == 32
    assert one == message_id("market_alerts", "95838", "2026-01-01T10:00:00", 1)
    assert one != message_id("market_alerts", "95838", "2026-01-01T10:00:00", 2)
    assert one != message_id("market_alerts", "95823", "2026-01-01T10:00:00", 1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([-100_000_000], (-10.0, 0.0)),
        ([100_000_000, -100_000_000], (0.0, 10.0)),
        ([999_000_000_000] * 9, (99_900.0, 0.0)),
    ],
)
def test_percentages_are_mean_and_population_deviation(changes, expected):
    squares = sum(item * item for item in changes)
    assert percentages(len(changes), sum(changes), squares) == expected
