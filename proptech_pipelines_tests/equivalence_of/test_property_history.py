"""G3 for the trail of properties and what is folded and searched from it."""

import pytest

from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs.property_history import property_history_logs

pytestmark = pytest.mark.long

FAMILIES = ("property_history",)
EXAMPLES = 20


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, tables_of(FAMILIES))
    assert_any_way_gives_the_reference(subject, property_history_logs(), EXAMPLES, tmp_path, monkeypatch)
