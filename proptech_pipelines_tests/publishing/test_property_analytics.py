"""Hours of property_analytics as messages: each once, when it is decided, with the same ids however the log was cut."""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from proptech_pipelines.contracts.topics import INPUT_TOPICS, OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.publishing.property_analytics import TOPIC, property_analytics_outbox
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.publishing.decoded import decoded, prefix
from proptech_pipelines_tests.reference import Event, Idle
from proptech_pipelines_tests.reference.analytics_windows import TOPICS
from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, milliseconds

TEN_MS = milliseconds("2024-05-01T10:00:00")
DAY = Days(date(2024, 5, 1), date(2024, 5, 2))
LOG = [
    *[Idle(topic, 0, 0, TEN_MS) for topic in TOPICS],
    *[
        Event(
            "property-updates",
            0,
            number,
            TEN_MS,
            {
                "propertyId": "home",
                "attribute": "bedrooms",
                "stateCode": state,
                "updatedAt": TEN_MS + number * HOUR_MS // 4,
            },
        )
        for number, state in enumerate(["TX", "TX", "CA", "TX", "TX", "CA", "CA", "CA", "TX"])
    ],
    *[Idle(topic, 0, 9, TEN_MS + 3 * HOUR_MS) for topic in TOPICS],
]
"""Updates every quarter of an hour from 10:00 to 12:00; by the end two hours are decided, of each state."""


@pytest.fixture
def driver(tmp_path, empty_lake):
    with closing(EngineDriver(tmp_path / "lake", empty_lake)) as driver:
        driver.know(LOG)
        yield driver


def messages(driver, low=0, high=1_000):
    """The values of the messages."""
    found = []
    for message in property_analytics_outbox(prefix).read(driver.pipeline.con, low, high):
        value = decoded(message)
        assert (message.topic, message.key) == (TOPIC, value["stateCode"].encode())
        assert message.partition == partition_of(value["stateCode"], message.key, OUTPUT_TOPICS[TOPIC])
        found.append(value)
    return found


def take(driver, entries):
    driver.pipe(entries)
    driver.advance("property_analytics")


def told(values):
    return [
        (item["windowStart"].hour, item["stateCode"], item["updates"], item["revision"]) for item in values
    ]


def test_an_hour_is_sent_once_when_it_is_decided_and_not_before(driver):
    take(driver, LOG[:-2])
    assert messages(driver) == []
    # The updates stand at 12:00 themselves: once the events of properties are idle until 13:00, [10:00, 11:00) is over.
    take(driver, LOG[-2:-1])
    ten = messages(driver)
    # 10:00, 10:15 and 10:45 are of Texas, 10:30 is of California.
    assert told(ten) == [(10, "CA", 1, 1), (10, "TX", 3, 3)]
    assert ten[0]["windowStart"] == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert ten[0]["windowEnd"] == datetime(2024, 5, 1, 11, tzinfo=UTC)
    take(driver, LOG[-1:])
    # 11:00 is of Texas, 11:15 to 11:45 are of California.
    assert told(messages(driver, 2, 3)) == [(11, "CA", 3, 3), (11, "TX", 1, 1)]
    assert messages(driver) == ten + messages(driver, 2, 3)


@pytest.mark.parametrize("size", [1, 4])
def test_the_same_ids_go_out_under_every_batching(driver, size, tmp_path, empty_lake):
    for start in range(0, len(LOG), size):
        take(driver, LOG[start : start + size])
    with closing(EngineDriver(tmp_path / "other", empty_lake)) as other:
        take(other, LOG)
        at_once = messages(other)
    assert len({item["analyticsId"] for item in at_once}) == len(at_once) == 4
    assert sorted(messages(driver), key=str) == sorted(at_once, key=str)


def test_what_comes_late_sends_nothing(driver):
    take(driver, LOG)
    found = messages(driver)
    late = {"propertyId": "home", "attribute": "bedrooms", "stateCode": "TX", "updatedAt": TEN_MS}
    take(driver, [Event("property-updates", 0, 20, TEN_MS, late)])
    assert len(driver.table("analytics_late")) == 1
    assert messages(driver) == found


def test_days_that_are_derived_again_send_nothing_even_where_rows_change(driver):
    take(driver, LOG)
    con = driver.pipeline.con
    con.execute("update lake.property_analytics__1 set updates = 7 where state_code = 'TX'")
    con.execute("delete from lake.property_analytics__1 where state_code = 'CA'")
    with Leases(driver.pipeline.settings) as leases:
        derived = rebuild_days(con, leases, driver.pipeline.graph, "property_analytics", DAY)
    assert [item.table for item in derived if item.differs] == ["property_analytics"]
    assert sorted(row["updates"] for row in driver.table("property_analytics")) == [1, 1, 3, 3]
    assert messages(driver, 1) == []


def test_every_topic_that_counts_is_an_input_topic():
    assert set(TOPICS) <= {topic.name for topic in INPUT_TOPICS}
