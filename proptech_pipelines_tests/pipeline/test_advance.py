"""How much a family takes in at once, and where it stands afterwards."""

import pytest

from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import control_number_at, next_slice
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES, Event, Idle


@pytest.fixture
def lake(engine):
    """Transactions 1 to 4: two rows, one row, an idle entry, a row of another topic."""
    change = next(entry for batch in three_days() for entry in batch if entry.topic == PRICE_CHANGES)
    report = next(entry for batch in three_days() for entry in batch if entry.topic == MARKET_DATA)
    sent_ms, value = change.kafka_timestamp_ms, change.value
    engine.pipe([Event(PRICE_CHANGES, 0, offset, sent_ms, value) for offset in (0, 1)])
    engine.pipe([Event(PRICE_CHANGES, 0, 2, sent_ms, value)])
    engine.pipe([Idle(PRICE_CHANGES, 0, 3, sent_ms)])
    engine.pipe([Event(MARKET_DATA, 0, 0, report.kafka_timestamp_ms, report.value)])
    return engine.pipeline


@pytest.mark.parametrize(
    ("max_rows", "high"),
    [(3, 4), (2, 1), (1, 1)],
    ids=["all of it", "what fits", "one transaction, though it is more"],
)
def test_a_slice_holds_whole_transactions_up_to_a_number_of_rows(lake, max_rows, high):
    family = "price_change_analysis"
    assert next_slice(lake.con, lake.graph, family, Slice(0, 4), max_rows) == Slice(0, high)


def test_an_idle_entry_is_news_and_another_topic_is_none(lake):
    family = "price_change_analysis"
    assert next_slice(lake.con, lake.graph, family, Slice(2, 4)) == Slice(2, 4)
    assert next_slice(lake.con, lake.graph, family, Slice(3, 4)) is None


def test_the_control_number_is_the_one_behind_the_slice(lake):
    before = control_number_at(lake.con, 2)
    assert control_number_at(lake.con, 3) == before + 1
