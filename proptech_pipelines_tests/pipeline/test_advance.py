"""Where a family stands after a slice."""

import pytest

from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import (
    ControlNumbers,
    advance_family,
    control_number_at,
    family_position,
)
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Event, Idle


@pytest.fixture
def con(engine):
    """Transactions 1 to 4: a row, an idle entry, a row, an idle entry; each of the latter is in the control log."""
    change = next(entry for batch in three_days() for entry in batch if entry.topic == PRICE_CHANGES)
    sent_ms, value = change.kafka_timestamp_ms, change.value
    for offset in (0, 1):
        engine.pipe([Event(PRICE_CHANGES, 0, offset, sent_ms, value)])
        engine.pipe([Idle(PRICE_CHANGES, 0, offset + 1, sent_ms + offset)])
    return engine.pipeline.con


def test_the_control_number_is_the_one_behind_the_slice(con):
    first = control_number_at(con, 1)
    assert [control_number_at(con, number) for number in (2, 3, 4)] == [first + 1, first + 1, first + 2]


@pytest.mark.parametrize("low", [0, 1, 2])
def test_control_numbers_of_a_part_are_those_of_each_transaction(con, low):
    numbers = ControlNumbers(con, Slice(low, 4))
    for number in range(low + 1, 5):
        assert numbers.at(number) == control_number_at(con, number)


def test_what_a_family_writes_is_counted(engine, con):
    graph, family = engine.pipeline.graph, "price_change_analysis"
    position = family_position(con, family)
    done = advance_family(con, graph, family, position, Slice(0, 4), control_number_at(con, 4))
    stored = [
        con.execute(
            f"select count(*) from lake.{model.table} where commit_number = {done.commit_number}"
        ).fetchone()[0]
        for model in graph.stored(family)
    ]
    assert done.counts.written == sum(stored) > 0
