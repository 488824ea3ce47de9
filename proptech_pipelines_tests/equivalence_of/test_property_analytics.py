"""G3 for the family `property_analytics`."""

import pytest

from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs.hourly import analytics

pytestmark = pytest.mark.long

FAMILIES = ("property_analytics",)
EXAMPLES = 15


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, tables_of(FAMILIES))
    assert_any_way_gives_the_reference(subject, analytics(), EXAMPLES, tmp_path, monkeypatch)
