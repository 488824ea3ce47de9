"""Pairs of personalized_recommendations as messages: each once, when it is decided, under an id of its own."""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.publishing.personalized_recommendations import (
    FAMILY,
    TOPIC,
    personalized_recommendations_outbox,
)
from proptech_pipelines.publishing.rows import message_id
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.any_way import models_of
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.publishing.decoded import decoded, prefix
from proptech_pipelines_tests.reference import Event, Idle
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.personalized_recommendations import TOPICS

TEN_MS = milliseconds("2024-05-01T10:00:00")
MINUTE_MS = 60_000


def _event(topic, offset, at_ms, field, **value):
    key = value.get("userId")
    return Event(topic, 0, offset, at_ms, {**value, field: at_ms}, key)


def _view(offset, user, at_ms):
    return _event("property-views", offset, at_ms, "viewedAt", userId=user, propertyId="home-1")


def _profile(offset, user, state):
    wanted = {"preferredZipCodes": ["78701"], "maxPrice": 100, "minBedrooms": 0, "stateCode": state}
    return _event("user-profiles", offset, TEN_MS, "updatedAt", userId=user, **wanted)


def _listing(offset, price):
    return _event(
        "property-listings",
        offset,
        TEN_MS - MINUTE_MS,
        "listedAt",
        propertyId=f"home-{price}",
        price=price,
        bedrooms=2,
        bathrooms=1.0,
        zipCode="78701",
    )


def _idle(minutes):
    return [Idle(topic, 0, 9, TEN_MS + minutes * MINUTE_MS) for topic in TOPICS]


LOG = [
    *[_listing(number, price) for number, price in enumerate((50, 60, 101))],
    _profile(0, "ann", "CA"),
    _profile(1, "ben", None),
    _view(0, "ann", TEN_MS),
    _view(1, "ben", TEN_MS + MINUTE_MS),
    _view(2, "ann", TEN_MS + 3 * MINUTE_MS),
]
"""Three pairs, of 10:00, 10:01 and 10:03."""
PLACES = [(user, minute) for user, minute in (("ann", 0), ("ben", 1), ("ann", 3))]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("recommendations"), models_of((FAMILY,)))


@pytest.fixture
def driver(tmp_path, template):
    with closing(EngineDriver(tmp_path / "lake", template)) as driver:
        driver.know([*LOG, *_idle(0)])
        yield driver


def take(driver, *entries):
    driver.pipe(entries)
    driver.advance()


def messages(driver, low=0, high=1_000):
    """The messages with their values."""
    found = personalized_recommendations_outbox(prefix).read(driver.pipeline.con, low, high)
    return [(message, decoded(message)) for message in found]


def pairs(driver, low=0, high=1_000):
    """User and minutes after 10:00 of each message."""
    return [
        (value["userId"], int(value["recommendedAt"].timestamp() * 1000 - TEN_MS) // MINUTE_MS)
        for _, value in messages(driver, low, high)
    ]


def test_a_pair_is_told_of_once_when_it_is_decided(driver):
    take(driver, *LOG)
    take(driver, *_idle(6))
    take(driver, *_idle(7))
    take(driver, *_idle(9))
    heads = [pairs(driver, number, number + 1) for number in range(5)]
    assert [head for head in heads if head] == [PLACES[:1], PLACES[1:2], PLACES[2:]]
    assert pairs(driver) == PLACES


def test_a_message_holds_the_row_and_goes_where_its_state_or_its_user_leads(driver):
    take(driver, *LOG, *_idle(20))
    (message, value), (other, ben), _ = messages(driver)
    assert (message.topic, message.key) == (TOPIC, b"ann")
    assert message.partition == partition_of("CA", b"ann", OUTPUT_TOPICS[TOPIC])
    assert other.partition == partition_of(None, b"ben", OUTPUT_TOPICS[TOPIC])
    assert ben["stateCode"] is None
    reason = "in preferred zip code 78701; {} dollars of at most 100; 2 bedrooms of at least 0"
    homes = [
        {
            "place": place,
            "propertyId": f"home-{price}",
            "zipCode": "78701",
            "price": price,
            "bedrooms": 2,
            "score": 1000 - price,
            "reason": reason.format(price),
        }
        for place, price in enumerate((50, 60), 1)
    ]
    ten = datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert value == {
        "recommendationId": message_id(
            TOPIC.replace("-", "_"), "id-of-property-views:0:0+id-of-user-profiles:0:0"
        ),
        "userId": "ann",
        "recommendedAt": ten,
        "viewedPropertyId": "home-1",
        "viewedScore": None,
        "viewedReason": "no listing known",
        "recommendations": homes,
        "stateCode": "CA",
        "viewedAt": ten,
        "profileUpdatedAt": ten,
    }


def test_ids_are_those_of_the_coordinates_however_the_log_was_cut(tmp_path, template, driver):
    take(driver, *LOG, *_idle(20))
    ids = [value["recommendationId"] for _, value in messages(driver)]
    assert len(set(ids)) == 3
    assert all(len(item) == 32 for item in ids)
    with closing(EngineDriver(tmp_path / "other", template)) as other:
        other.know([*LOG, *_idle(0)])
        for entry in [*LOG, *_idle(8), *_idle(20)]:
            take(other, entry)
        assert [value["recommendationId"] for _, value in messages(other)] == ids


def test_days_that_are_derived_again_say_nothing_even_where_rows_change(driver):
    take(driver, *LOG, *_idle(20))
    pipeline = driver.pipeline
    stored = pipeline.con.execute(
        "select max(commit_number) from personalized_recommendations__1"
    ).fetchone()[0]
    pipeline.con.execute("delete from personalized_recommendations__1 where user_id = 'ben'")
    with Leases(pipeline.settings) as leases:
        days = Days(date(2024, 5, 1), date(2024, 5, 2))
        rebuild_days(pipeline.con, leases, pipeline.graph, FAMILY, days)
    assert len(pipeline.table("personalized_recommendations")) == 3
    assert messages(driver, stored) == []
