"""Where a family stands after a slice."""

from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import ControlNumbers, control_number_at
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Event, Idle


def test_the_control_number_is_the_one_behind_the_slice(engine):
    change = next(entry for batch in three_days() for entry in batch if entry.topic == PRICE_CHANGES)
    engine.pipe([Event(PRICE_CHANGES, 0, 0, change.kafka_timestamp_ms, change.value)])
    engine.pipe([Idle(PRICE_CHANGES, 0, 1, change.kafka_timestamp_ms)])
    con = engine.pipeline.con
    before = control_number_at(con, 1)
    assert control_number_at(con, 2) == before + 1
    numbers = ControlNumbers(con, Slice(1, 2))
    assert numbers.at(2) == before + 1
