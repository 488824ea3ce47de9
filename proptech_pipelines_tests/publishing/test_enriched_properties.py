"""Changes of enriched_listings as messages: each new or corrected row once, under rising revisions."""

from datetime import UTC, date, datetime

import pytest

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.publishing.enriched_properties import enriched_properties_outbox
from proptech_pipelines.publishing.rows import message_id
from proptech_pipelines.testing import PipelineDriver, Record, topic_id
from proptech_pipelines_tests.publishing.decoded import decoded, prefix

TEN = datetime(2026, 1, 1, 10, tzinfo=UTC)
TEN_MS = int(TEN.timestamp() * 1000)
MINUTE_MS = 60_000


@pytest.fixture
def driver(tmp_path):
    with PipelineDriver(tmp_path / "lake") as driver:
        yield driver


def listing(offset, minute, **fields):
    value = {
        "propertyId": "P1",
        "price": 315_000,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "squareFootage": 1_500,
        "zipCode": "95838",
        "stateCode": "CA",
        "latitude": 38.64,
        "longitude": -121.4439,
        "listedAt": TEN_MS + minute * MINUTE_MS,
    }
    return Record("property-listings", 0, offset, TEN_MS, {**value, **fields})


def version(offset, minute, median, zip_code="95838"):
    value = {"zipCode": zip_code, "stateCode": "CA", "name": "Del Paso", "medianPrice": median}
    at_ms = TEN_MS + minute * MINUTE_MS
    return Record("neighborhood-data", 0, offset, TEN_MS, {**value, "updatedAt": at_ms}, zip_code.encode())


def tombstone(offset, minute):
    return Record("neighborhood-data", 0, offset, TEN_MS + minute * MINUTE_MS, None, b"95838")


def take(driver, *records):
    driver.pipe(records)
    driver.advance("enriched_listings")


def values(driver, low, high):
    found = list(enriched_properties_outbox(prefix).read(driver.con, low, high))
    assert {message.topic for message in found} <= {"enriched-properties"}
    return [decoded(message) for message in found]


def messages(driver, low, high):
    names = ("listingOffset", "revision", "neighborhoodMedianPrice")
    return [tuple(value[name] for name in names) for value in values(driver, low, high)]


def test_a_listing_is_sent_as_it_comes_and_once_again_for_each_correction(driver):
    take(driver, listing(0, 0))
    take(driver, version(0, 1, 100_000))  # of a moment after the listing
    take(driver, version(1, -5, 300_000))
    take(driver, version(2, -9, 200_000))  # further back than what is known already
    take(driver, version(3, -4, 310_000), version(4, -3, 320_000))
    take(driver, tombstone(5, 0))
    steps = [messages(driver, number, number + 1) for number in range(6)]
    assert steps == [[(0, 1, None)], [], [(0, 2, 300_000)], [], [(0, 5, 320_000)], [(0, 6, None)]]
    assert messages(driver, 0, 6) == [message for step in steps for message in step]


def test_only_the_listings_that_are_corrected_are_sent_again(driver):
    take(
        driver,
        version(0, -5, 300_000),
        listing(0, 0),
        listing(1, 10),
        listing(2, 10, zipCode=None),
        listing(3, 10, zipCode="95823"),
    )
    take(driver, version(1, 5, 310_000), version(2, 11, 1))
    assert messages(driver, 0, 1) == [(0, 2, 300_000), (1, 2, 300_000), (2, 1, None), (3, 1, None)]
    assert messages(driver, 1, 2) == [(1, 3, 310_000)]


def test_days_that_are_derived_again_say_nothing_even_where_rows_change(driver):
    take(driver, version(0, -5, 300_000), listing(0, 0))
    driver.con.execute("delete from enriched_listings__1")
    days = Days(date(2026, 1, 1), date(2026, 1, 2))
    with Leases(driver.settings) as leases:
        derived = rebuild_days(driver.con, leases, driver.graph, "enriched_listings", days)
    assert [item.table for item in derived if item.differs] == ["enriched_listings"]
    assert len(driver.table("enriched_listings")) == 1
    assert messages(driver, 1, 2) == []
    take(driver, version(1, -4, 310_000))
    assert messages(driver, 2, 3) == [(0, 3, 310_000)]


def test_the_message_is_the_whole_row_and_keeps_the_schema(driver):
    take(driver, version(0, -5, 300_000), listing(0, 0), listing(1, 0, bathrooms=1e30, latitude=91.0))
    first, second = values(driver, 0, 1)
    expected = {
        "messageId": message_id("enriched_listings", topic_id("property-listings"), 0, 0, 2),
        "revision": 2,
        "propertyId": "P1",
        "price": 315_000,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "squareFootage": 1_500,
        "zipCode": "95838",
        "stateCode": "CA",
        "city": None,
        "propertyType": None,
        "energyRating": None,
        "latitude": 38.64,
        "longitude": -121.4439,
        "listedAt": TEN,
        "hasNeighborhood": True,
        "neighborhoodName": "Del Paso",
        "neighborhoodCounty": None,
        "neighborhoodStateCode": "CA",
        "neighborhoodMedianPrice": 300_000,
        "neighborhoodWalkScore": None,
        "neighborhoodSchoolRating": None,
        "neighborhoodMeasuredAt": datetime(2026, 1, 1, 9, 55, tzinfo=UTC),
        "pricePerSquareFootCents": 21_000,
        "priceToMedianPercent": 5.0,
        "listingTopicId": topic_id("property-listings"),
        "listingPartition": 0,
        "listingOffset": 0,
    }
    assert first == expected
    assert (second["bathrooms"], second["latitude"], second["longitude"]) == (None, None, -121.4439)


def test_messages_are_keyed_by_property_and_routed_by_state(driver):
    take(driver, listing(0, 0), listing(1, 1, propertyId="P2", stateCode=None))
    outbox = enriched_properties_outbox(prefix)
    partitions = OUTPUT_TOPICS["enriched-properties"]
    found = outbox.read(driver.con, 0, 1)
    assert [(item.key, decoded(item)["propertyId"], item.partition) for item in found] == [
        (b"P1", "P1", partition_of("CA", b"P1", partitions)),
        (b"P2", "P2", partition_of(None, b"P2", partitions)),
    ]


def test_the_id_is_of_table_coordinates_and_revision():
    one = message_id("enriched_listings", "t", 0, 1, 1)
    assert len(one) == 32
    assert one == message_id("enriched_listings", "t", 0, 1, 1)
    others = {
        message_id("enriched_listings", "t", 0, 1, 2),
        message_id("enriched_listings", "t", 1, 0, 1),
        message_id("enriched_listings", "u", 0, 1, 1),
        message_id("other", "t", 0, 1, 1),
    }
    assert one not in others
    assert len(others) == 4
