"""G3: whatever way the stream takes, each listing has what was known of its zip code at its event time."""

import pytest

from proptech_pipelines.publishing.enriched_properties import FAMILY, enriched_properties_outbox
from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.logs.enrichment import enrichment_logs
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.publishing.decoded import decoded, prefix
from proptech_pipelines_tests.reference import Event, Log, enriched_listings
from proptech_pipelines_tests.reference.arithmetic import as_integer
from proptech_pipelines_tests.test_wrong_variants import take_made_again

pytestmark = pytest.mark.long

EXAMPLES = 20
LISTING = {"propertyId": "home-1", "price": 4, "bedrooms": 3, "bathrooms": 1.0, "zipCode": "78701"}
VERSION = {"zipCode": "78701", "stateCode": "TX"}


def assert_messages_rise_to_the_table(driver: EngineDriver, log: Log) -> None:
    """No id comes twice, revisions of a listing rise, and its last message is its row by the reference."""
    outbox = enriched_properties_outbox(prefix)
    values = [decoded(message) for message in outbox.read(driver.pipeline.con, 0, 2**31)]
    assert len({value["messageId"] for value in values}) == len(values)
    last: dict[tuple[object, object], dict[str, object]] = {}
    for value in values:
        where = value["listingPartition"], value["listingOffset"]
        assert where not in last or as_integer(last[where]["revision"]) < as_integer(value["revision"])
        last[where] = value
    rows = {(row["kafka_partition"], row["kafka_offset"]): row for row in enriched_listings.rows(log)}
    assert last.keys() == rows.keys()
    for where, row in rows.items():
        assert last[where]["neighborhoodName"] == row["neighborhood_name"]
        assert last[where]["neighborhoodMedianPrice"] == row["neighborhood_median_price"]


ENRICHED = Subject(
    (FAMILY,), {"enriched_listings": enriched_listings.rows}, assert_messages_rise_to_the_table
)


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_enriches_listings_as_the_reference_does(tmp_path, monkeypatch):
    assert_any_way_gives_the_reference(ENRICHED, enrichment_logs(), EXAMPLES, tmp_path, monkeypatch)


def test_a_version_of_a_topic_made_again_comes_after_one_of_the_same_moment_of_the_former(engine):
    for event in (
        Event("property-listings", 0, 0, BASE_MS, {**LISTING, "listedAt": BASE_MS}),
        Event("neighborhood-data", 2, 7, BASE_MS, {**VERSION, "name": "Former", "updatedAt": BASE_MS}),
        # Of the partition 0 of the topic that was made again.
        Event("neighborhood-data", 100, 0, BASE_MS, {**VERSION, "name": "Made again", "updatedAt": BASE_MS}),
    ):
        take_made_again(engine, [event])
        engine.advance(FAMILY)
    (row,) = engine.table("enriched_listings")
    assert (row["neighborhood_name"], row["neighborhood_topic_id"]) == (
        "Made again",
        "id 1 of neighborhood-data",
    )
