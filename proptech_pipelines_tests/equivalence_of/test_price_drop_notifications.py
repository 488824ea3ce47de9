"""G3 for `price_drop_notifications`, and its ids."""

import hashlib

import pytest

from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs.watching import watching
from proptech_pipelines_tests.reference import Log

pytestmark = pytest.mark.long

FAMILIES = ("price_drop_notifications",)
EXAMPLES = 20


def assert_ids_are_of_table_reduction_and_user(driver: EngineDriver, log: Log) -> None:
    """The reference has no topic ids, so what they give is compared here."""
    for row in driver.table("price_drop_notifications"):
        parts = ("topic_id", "kafka_partition", "kafka_offset", "user_id")
        text = "|".join(["price_drop_notifications", *(str(row[part]) for part in parts)])
        assert row["notification_id"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, tables_of(FAMILIES), assert_ids_are_of_table_reduction_and_user)
    assert_any_way_gives_the_reference(subject, watching(), EXAMPLES, tmp_path, monkeypatch)
