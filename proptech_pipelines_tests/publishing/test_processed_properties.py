"""Listings as messages: those that break no rule on one topic, the others as dead letters on the other."""

from datetime import UTC, date, datetime

import pytest

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.publishing.processed_properties import processed_properties_outbox
from proptech_pipelines.publishing.property_processing_dlq import property_processing_dlq_outbox
from proptech_pipelines.publishing.rows import message_id
from proptech_pipelines.testing import PipelineDriver, Record, encode, topic_id
from proptech_pipelines_tests.publishing.decoded import decoded, prefix

TEN = datetime(2026, 1, 1, 10, tzinfo=UTC)
TEN_MS = int(TEN.timestamp() * 1000)


@pytest.fixture
def driver(tmp_path):
    with PipelineDriver(tmp_path / "lake") as driver:
        yield driver


def listing(offset, partition=0, **fields):
    value = {
        "propertyId": "P1",
        "price": 315_000,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "squareFootage": 1_500,
        "zipCode": "95838",
        "stateCode": "CA",
        "city": "Citrus_Heights",
        "propertyType": "Multi_Family",
        "latitude": 38.64,
        "longitude": -121.4439,
        "listedAt": TEN_MS,
    }
    return Record("property-listings", partition, offset, TEN_MS + 7, {**value, **fields}, b"95838")


def take(driver, *records):
    driver.pipe(records)
    driver.advance("processed_properties")


def values(driver, low, high):
    found = list(processed_properties_outbox(prefix).read(driver.con, low, high))
    assert {message.topic for message in found} <= {"processed-properties"}
    return [decoded(message) for message in found]


def processed(driver, low, high):
    return [(value["listingPartition"], value["listingOffset"]) for value in values(driver, low, high)]


def letters(driver, low, high):
    return list(property_processing_dlq_outbox().read(driver.con, low, high))


def headers(message):
    return {name: value.decode() for name, value in message.headers}


def test_every_listing_goes_to_one_of_the_two_topics_once(driver):
    take(driver, listing(0), listing(1, bedrooms=21), listing(0, partition=1))
    take(driver)
    take(driver, listing(2, stateCode="TX"), listing(3))
    assert [processed(driver, number, number + 1) for number in range(3)] == [[(0, 0), (1, 0)], [], [(0, 3)]]
    assert processed(driver, 0, 3) == [(0, 0), (1, 0), (0, 3)]
    rules = [
        [headers(message)["__streams.errors.exception"] for message in letters(driver, *part)]
        for part in ((0, 1), (1, 2), (2, 3), (0, 3))
    ]
    state = "state_code_does_not_match_zip_code"
    assert rules == [["bedrooms_out_of_range"], [], [state], ["bedrooms_out_of_range", state]]


def test_a_dead_letter_is_the_record_as_it_came_with_its_rules_and_coordinates(driver):
    broken = listing(5, partition=2, zipCode=None, bedrooms=21)
    take(driver, broken)
    (message,) = letters(driver, 0, 1)
    assert (message.topic, message.partition) == ("property-processing-dlq", 0)
    assert (message.key, message.value) == (b"95838", encode(broken))
    assert headers(message) == {
        "__streams.errors.exception": "zip_code_missing",
        "__streams.errors.message": "breaks zip_code_missing, bedrooms_out_of_range",
        "__streams.errors.topic": "property-listings",
        "__streams.errors.partition": "2",
        "__streams.errors.offset": "5",
        "original_timestamp": str(TEN_MS + 7),
        "stage": "processing",
        "schema_id": "3",
    }


def test_the_message_is_the_whole_row_and_keeps_the_schema(driver):
    nothing = dict.fromkeys(("squareFootage", "city", "propertyType", "latitude", "longitude"))
    take(driver, listing(0), listing(1, **nothing))
    first, second = values(driver, 0, 1)
    assert first == {
        "messageId": message_id("processed_properties", topic_id("property-listings"), 0, 0),
        "propertyId": "P1",
        "price": 315_000,
        "pricePerSquareFootCents": 21_000,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "squareFootage": 1_500,
        "zipCode": "95838",
        "stateCode": "CA",
        "city": "CITRUS HEIGHTS",
        "propertyType": "multi_family",
        "latitude": 38.64,
        "longitude": -121.4439,
        "listedAt": TEN,
        "listingTopicId": topic_id("property-listings"),
        "listingPartition": 0,
        "listingOffset": 0,
    }
    assert {name for name, value in second.items() if value is None} == {*nothing, "pricePerSquareFootCents"}


def test_days_that_are_derived_again_say_nothing_even_where_rows_change(driver):
    take(driver, listing(0), listing(1, bedrooms=21))
    driver.con.execute("delete from processed_properties__1")
    driver.con.execute("delete from property_processing_errors__1")
    with Leases(driver.settings) as leases:
        days = Days(date(2026, 1, 1), date(2026, 1, 2))
        derived = rebuild_days(driver.con, leases, driver.graph, "processed_properties", days)
    assert [item.differs for item in derived] == [True, True]
    assert len(driver.table("processed_properties")) == len(driver.table("property_processing_errors")) == 1
    assert (processed(driver, 1, 2), letters(driver, 1, 2)) == ([], [])


def test_messages_are_keyed_by_property_and_routed_by_state(driver):
    take(driver, listing(0))
    (message,) = processed_properties_outbox(prefix).read(driver.con, 0, 1)
    partition = partition_of("CA", b"P1", OUTPUT_TOPICS["processed-properties"])
    assert (message.key, decoded(message)["propertyId"], message.partition) == (b"P1", "P1", partition)


def test_the_id_is_of_table_and_coordinates():
    ids = {
        message_id("processed_properties", "t", 0, 1),
        message_id("processed_properties", "t", 1, 0),
        message_id("processed_properties", "u", 0, 1),
        message_id("other", "t", 0, 1),
    }
    assert len(ids) == 4
    assert {len(item) for item in ids} == {32}
