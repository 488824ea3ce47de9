"""G3 for the family `personalized_recommendations`."""

import pytest

from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs.recommendations import recommendation_logs

pytestmark = pytest.mark.long

FAMILIES = ("personalized_recommendations",)
EXAMPLES = 15


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, tables_of(FAMILIES))
    assert_any_way_gives_the_reference(subject, recommendation_logs(), EXAMPLES, tmp_path, monkeypatch)
