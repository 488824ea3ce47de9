"""G3: whatever way the stream takes, each listing has what was known of its zip code at its event time."""

import pytest

from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.logs.enrichment import enrichment_logs
from proptech_pipelines_tests.reference import enriched_listings

EXAMPLES = 40
ENRICHED = Subject(("enriched_listings",), {"enriched_listings": enriched_listings.rows})


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_enriches_listings_as_the_reference_does(tmp_path, monkeypatch):
    assert_any_way_gives_the_reference(ENRICHED, enrichment_logs(), EXAMPLES, tmp_path, monkeypatch)
