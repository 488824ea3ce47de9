"""From fetched records to rows: stream time, checksums, holes, dead letters, tombstones."""

from collections.abc import Sequence

import numpy as np
import pytest

from proptech_pipelines.contracts.rules import END_OF_TIME_MS, Limits
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.positions import PartitionState, Positions
from proptech_pipelines.pipeline.gather import gather
from proptech_pipelines.pipeline.prepare import Prepared, advanced, prepare, running_stream_time
from proptech_pipelines.testing import SCHEMAS, Record, encode
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, milliseconds

CHANGES, PROFILES = "property-price-changes", "user-profiles"
AT = milliseconds("2024-05-01T10:00:00")
LIMITS = Limits(max_ahead_ms=DAY_MS, max_string_bytes=1_000)
NOTHING = Positions(0, 0, {})


def change(at_ms: int | None, old: int = 100) -> dict[str, object]:
    """A price change; of nothing at all if `at_ms` is None."""
    places = {"propertyId": "home-1", "zipCode": "78701", "stateCode": "TX"}
    return {**places, "oldPrice": old, "newPrice": 110, **({} if at_ms is None else {"changedAt": at_ms})}


def profile(at_ms: int) -> dict[str, object]:
    """A user's profile with defaults wherever the schema has them."""
    return {"userId": "user-1", "maxPrice": 500_000, "updatedAt": at_ms}


def fetched(
    name: str,
    values: Sequence[object],
    *,
    partition: int = 0,
    offsets: Sequence[int] | None = None,
    start: int = 0,
    keys: Sequence[bytes | None] = (),
) -> Fetched:
    """A range of a partition whose records hold `values`, sent at AT."""
    part = Fetched(name, "id", partition, start, start)
    for index, value in enumerate(values):
        offset = offsets[index] if offsets else start + index
        key = keys[index] if keys else None
        part.append(offset, (1, AT), key, encode(Record(name, partition, offset, AT, value)), None)
    return part


def prepared(*parts: Fetched, positions: Positions = NOTHING) -> Prepared:
    """What `parts` become, with the schemas that the records were written with."""
    return prepare(positions, gather(parts), SCHEMAS, LIMITS, {}, {})


def staged(result: Prepared, *columns: str) -> list[tuple[object, ...]]:
    """Columns of the staged rows."""
    rows = [row for item in result.staged for row in item.rows.to_pylist()]
    return [tuple(row[name] for name in columns) for row in rows]


def state(partition: int, stream_time_ms: int | None, next_offset: int = 0) -> PartitionState:
    """What is known of a partition of price changes."""
    return PartitionState(CHANGES, "id", 1, partition, next_offset, stream_time_ms)


def positions(*states: PartitionState) -> Positions:
    """A cut at these partitions."""
    return Positions(7, 3, {(item.topic_id, item.partition): item for item in states})


@pytest.mark.parametrize(
    ("event_times", "carried", "expected"),
    [
        ([], None, []),
        ([], 5, []),
        ([3], None, [3]),
        ([3, 1, 2], None, [3, 3, 3]),
        ([1, 2, 3], None, [1, 2, 3]),
        ([1, 3, 2, 5, 4], None, [1, 3, 3, 5, 5]),
        ([1, 3, 2], 2, [2, 3, 3]),
        ([1, 3, 2], 9, [9, 9, 9]),
        ([0], 0, [0]),
    ],
)
def test_stream_time_is_the_largest_event_time_so_far(event_times, carried, expected):
    assert running_stream_time(np.array(event_times, dtype=np.int64), carried).tolist() == expected


def test_stream_time_is_carried_for_each_partition_alone():
    result = prepared(
        fetched(CHANGES, [change(AT + 5), change(AT + 1)], partition=0),
        fetched(CHANGES, [change(AT + 2)], partition=1),
        fetched(CHANGES, [change(AT + 3)], partition=2),
        positions=positions(state(0, AT), state(1, AT + 9)),
    )
    assert staged(result, "kafka_partition", "stream_time_ms") == [
        (0, AT + 5),
        (0, AT + 5),
        (1, AT + 9),
        (2, AT + 3),
    ]
    assert [item.state.stream_time_ms for item in result.ranges] == [AT + 5, AT + 9, AT + 3]


def test_dead_letters_move_no_stream_time_and_are_counted():
    too_far = AT + DAY_MS + 1
    result = prepared(
        fetched(CHANGES, [change(AT), change(too_far), change(AT + 1, old=0), change(AT + 1), b"", None])
    )
    assert staged(result, "kafka_offset", "stream_time_ms") == [(0, AT), (3, AT + 1)]
    assert [item.rows["reason"].to_pylist() for item in result.dead] == [
        ["event_time_out_of_bounds", "price_out_of_range", "empty_value", "tombstone"]
    ]
    (only,) = result.ranges
    assert (only.records, only.staged, only.dead) == (6, 2, 4)
    assert (result.consumed, result.staged_rows, result.dead_letters) == (6, 2, 4)


def test_a_partition_of_dead_letters_alone_keeps_its_stream_time():
    for before in (None, AT):
        result = prepared(fetched(CHANGES, [None]), positions=positions(state(0, before)))
        assert [item.state.stream_time_ms for item in result.ranges] == [before]
        assert result.staged == []


def test_a_record_without_event_time_has_that_of_kafka_and_says_so():
    result = prepared(fetched(CHANGES, [change(AT + 1), change(None)]))
    assert staged(result, "event_time_is_kafka", "stream_time_ms") == [(False, AT + 1), (True, AT + 1)]


def test_ranges_say_what_was_taken_of_each_partition():
    part = fetched(CHANGES, [change(AT), change(AT)], start=5, offsets=[7, 9])
    part.end_offset = 12
    empty = Fetched(CHANGES, "id", 1, 3, 4)
    result = prepared(part, empty)
    taken, skipped = result.ranges
    assert (taken.start_offset, taken.state.next_offset, taken.holes) == (5, 12, ((5, 7), (8, 9), (10, 12)))
    assert (skipped.start_offset, skipped.state.next_offset, skipped.holes) == (3, 4, ((3, 4),))
    assert (skipped.records, skipped.staged, skipped.dead) == (0, 0, 0)


@pytest.mark.parametrize(
    ("start", "end", "offsets", "holes"),
    [
        (0, 0, [], []),
        (0, 3, [0, 1, 2], []),
        (0, 3, [], [(0, 3)]),
        (2, 5, [3], [(2, 3), (4, 5)]),
        (0, 6, [0, 3, 5], [(1, 3), (4, 5)]),
        (0, 3, [0, 1], [(2, 3)]),
        (0, 3, [1, 2], [(0, 1)]),
    ],
)
def test_holes_are_the_offsets_of_a_range_that_no_record_has(start, end, offsets, holes):
    part = Fetched(CHANGES, "id", 0, start, end)
    for offset in offsets:
        part.append(offset, (1, AT), None, None, None)
    assert part.holes() == holes


def test_tombstones_of_a_table_topic_are_versions_in_their_place():
    values = [profile(AT + 1), None, profile(AT + 2), None]
    result = prepared(fetched(PROFILES, values, keys=[b"user-1", b"user-1", b"user-2", None]))
    assert staged(
        result,
        "kafka_offset",
        "record_key",
        "is_tombstone",
        "userId",
        "event_time_is_kafka",
        "stream_time_ms",
    ) == [
        (0, "user-1", False, "user-1", False, AT + 1),
        (1, "user-1", True, None, True, AT + 1),
        (2, "user-2", False, "user-1", False, AT + 2),
    ]
    assert [item.rows["kafka_offset"].to_pylist() for item in result.dead] == [[3]]
    assert [item.rows["reason"].to_pylist() for item in result.dead] == [["tombstone"]]


@pytest.mark.parametrize("sent", [-(2**62), -1, END_OF_TIME_MS, 2**62])
def test_a_tombstone_outside_of_time_is_a_dead_letter(sent):
    part = fetched(PROFILES, [None, None, None], keys=[b"user-1"] * 3)
    part.timestamps_ms[:2] = [sent, END_OF_TIME_MS - 1]
    result = prepared(part)
    assert staged(result, "kafka_offset") == [(1,), (2,)]
    assert [item.rows["reason"].to_pylist() for item in result.dead] == [["event_time_out_of_bounds"]]


def test_tombstones_alone_are_rows_too():
    result = prepared(fetched(PROFILES, [None, None], keys=[b"user-1", b"user-2"]))
    assert staged(result, "record_key", "is_tombstone", "maxPrice") == [
        ("user-1", True, None),
        ("user-2", True, None),
    ]
    assert [item.state.stream_time_ms for item in result.ranges] == [AT]


def test_the_log_keeps_every_record_as_it_came():
    values = [change(AT), b"\xff", None]
    part = fetched(CHANGES, values, keys=[b"a", None, b""])
    result = prepared(part)
    (log,) = result.log
    assert (log.topic, log.topic_id, log.epoch) == (CHANGES, "id", 1)
    assert log.rows["value"].to_pylist() == part.values
    assert log.rows["key"].to_pylist() == [b"a", None, b""]
    assert log.rows["kafka_offset"].to_pylist() == [0, 1, 2]


def test_a_topic_made_again_begins_another_incarnation():
    again = Fetched(CHANGES, "another id", 0, 0, 0)
    again.append(0, (1, AT), None, encode(Record(CHANGES, 0, 0, AT, change(AT))), None)
    result = prepared(again, positions=positions(state(0, AT + 9, next_offset=5)))
    assert [item.epoch for item in result.staged] == [2]
    assert staged(result, "stream_time_ms") == [(AT,)]
    assert [item.state.topic_epoch for item in result.ranges] == [2]


def test_the_cut_after_a_transaction_holds_what_it_moved_and_what_it_did_not():
    before = positions(state(0, AT, next_offset=4), state(1, AT))
    result = prepared(fetched(CHANGES, [change(AT + 1)], start=4), positions=before)
    after = advanced(before, result.ranges, 8, 5)
    assert (after.commit_number, after.control_number) == (8, 5)
    assert after.partitions == {("id", 0): state(0, AT + 1, next_offset=5), ("id", 1): state(1, AT)}


def test_several_topics_are_laid_out_beside_each_other():
    result = prepared(fetched(CHANGES, [change(AT)]), fetched(PROFILES, [profile(AT)], keys=[b"user-1"]))
    assert [item.topic for item in result.staged] == [CHANGES, PROFILES]
    assert [item.topic for item in result.log] == [CHANGES, PROFILES]
    assert result.consumed == 2


@pytest.mark.parametrize("start", [3, 5])
def test_a_range_that_does_not_join_on_is_refused(start):
    before = positions(state(0, AT, next_offset=4))
    with pytest.raises(LedgerConflict, match=f"from offset {start}, the log goes on at 4"):
        prepared(fetched(CHANGES, [change(AT)], start=start), positions=before)


def test_a_record_of_an_unknown_schema_is_a_dead_letter():
    part = fetched(CHANGES, [change(AT), b"\0\0\0\x03\xe7" + b"\0" * 9])
    result = prepare(NOTHING, gather([part]), {**SCHEMAS, 999: None}, LIMITS, {}, {})
    assert [item.rows["reason"].to_pylist() for item in result.dead] == [["unknown_schema_id"]]
    assert staged(result, "kafka_offset") == [(0,)]
