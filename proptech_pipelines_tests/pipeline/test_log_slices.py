"""How much of the log a family takes in at once."""

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.log_slices import (
    StagedRows,
    following_slice_rows,
    next_slice,
)
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES, Event, Idle

FAMILY = "price_change_analysis"


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
    ("max_rows", "parts"),
    [
        (3, [(0, 4, 3)]),
        (2, [(0, 1, 2), (1, 4, 1)]),
        (1, [(0, 1, 2), (1, 4, 1)]),
    ],
    ids=["all of it", "what fits", "one transaction, though it is more"],
)
def test_a_slice_holds_whole_transactions_up_to_a_number_of_rows(lake, max_rows, parts):
    staged = StagedRows.of_family(lake.con, lake.graph, FAMILY, Slice(0, 4))
    cut = [staged.cut(low, max_rows) for low, _, _ in parts]
    assert [(part.low, part.high, part.rows) for part in cut] == parts
    assert staged.cut(4, max_rows) is None


def test_an_idle_entry_is_news_and_another_topic_is_none(lake):
    assert next_slice(lake.con, lake.graph, FAMILY, Slice(2, 4)) == Slice(2, 4)
    assert next_slice(lake.con, lake.graph, FAMILY, Slice(3, 4)) is None
    staged = StagedRows(lake.con, [MARKET_DATA], Slice(0, 4))
    assert staged.cut(0, 100) == Slice(0, 4)


MILLION = 1_000_000


@pytest.mark.parametrize(
    ("max_rows", "rows", "written", "following"),
    [
        (MILLION, MILLION, 8_000, 2 * MILLION),
        (4 * MILLION, 4 * MILLION, 30_000, 8 * MILLION),
        (8 * MILLION, 8 * MILLION, 60_000, 8 * MILLION),
        (8 * MILLION, 8 * MILLION, MILLION, 4 * MILLION),
        (8 * MILLION, 8 * MILLION, 8 * MILLION, MILLION),
        (8 * MILLION, 8 * MILLION, 0, 8 * MILLION),
        (MILLION, 0, 0, MILLION),
    ],
)
def test_sums_are_taken_in_larger_slices_while_few_come_of_them(max_rows, rows, written, following):
    graph = checkout_graph()
    assert following_slice_rows(graph, FAMILY, max_rows, rows, written) == following


def test_a_family_that_keeps_rows_takes_no_more_than_a_million():
    graph = checkout_graph()
    assert following_slice_rows(graph, "enriched_listings", MILLION, MILLION, 1) == MILLION
