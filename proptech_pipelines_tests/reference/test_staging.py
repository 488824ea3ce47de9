"""Event time, stream time and dead letters of the reference, against values worked out by hand."""

import dataclasses

import pytest

from proptech_pipelines_tests import reference
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, milliseconds, moment
from proptech_pipelines_tests.reference.building import idle, price_change, report
from proptech_pipelines_tests.reference.log import Event

NOON = milliseconds("2024-05-01T12:00:00")


def changed(event: Event, **fields: object) -> Event:
    """`event` with other fields in its value."""
    return dataclasses.replace(event, value={**(event.value or {}), **fields})


def clock_times(log: reference.Log) -> list[str]:
    """Stream time of each staged row, as the time of day."""
    moments = (moment(row.stream_time_ms) for row in reference.staged(log))
    return [moment.strftime("%H:%M") for moment in moments]


def test_stream_time_is_the_largest_event_time_so_far_and_includes_the_record_itself():
    log = [
        price_change(0, "2024-05-01T10:00", 100, 101),
        price_change(1, "2024-05-01T12:00", 100, 101),
        price_change(2, "2024-05-01T11:00", 100, 101),
        price_change(3, "2024-05-01T13:00", 100, 101),
    ]
    assert clock_times(log) == ["10:00", "12:00", "12:00", "13:00"]


def test_partitions_have_stream_times_of_their_own():
    log = [
        price_change(0, "2024-05-01T12:00", 100, 101, partition=0),
        price_change(0, "2024-05-01T09:00", 100, 101, partition=1),
    ]
    assert clock_times(log) == ["12:00", "09:00"]


def test_topics_have_stream_times_of_their_own():
    log = [
        report(0, "2024-05-01T12:00", "Austin", (2024, 4), 1, sales=1),
        price_change(0, "2024-05-01T09:00", 100, 101),
    ]
    assert clock_times(log) == ["12:00", "09:00"]


def test_interleaving_of_partitions_does_not_matter():
    first = [price_change(n, f"2024-05-01T{12 - n}:00", 100, 101, partition=0) for n in range(3)]
    second = [price_change(n, f"2024-05-01T{14 + n}:00", 100, 101, partition=1) for n in range(3)]
    mixed = [second[0], first[0], second[1], second[2], first[1], first[2]]
    assert sorted(clock_times(first + second)) == sorted(clock_times(mixed))


def test_idle_entry_counts_from_its_offset_on():
    log = [
        price_change(0, "2024-05-01T10:00", 100, 101),
        idle(1, "2024-05-01T15:00"),
        price_change(1, "2024-05-01T10:00", 100, 101),
        price_change(2, "2024-05-01T16:00", 100, 101),
    ]
    assert clock_times(log) == ["10:00", "15:00", "16:00"]


def test_idle_entry_never_lowers_stream_time_and_concerns_its_own_partition_alone():
    log = [
        price_change(0, "2024-05-01T12:00", 100, 101),
        idle(1, "2024-05-01T09:00"),
        price_change(1, "2024-05-01T10:00", 100, 101),
        idle(0, "2024-05-01T23:00", partition=1),
        price_change(2, "2024-05-01T10:00", 100, 101),
        price_change(0, "2024-05-01T10:00", 100, 101, partition=1),
    ]
    assert clock_times(log) == ["12:00", "12:00", "12:00", "23:00"]


def test_idle_entry_inside_a_hole_counts_for_the_next_record():
    log = [
        price_change(0, "2024-05-01T10:00", 100, 101),
        idle(3, "2024-05-01T15:00"),
        price_change(7, "2024-05-01T10:00", 100, 101),
    ]
    assert clock_times(log) == ["10:00", "15:00"]


@pytest.mark.parametrize("missing", [{"changedAt": None}, "without the field"])
def test_record_without_event_time_takes_its_kafka_timestamp(missing):
    event = dataclasses.replace(price_change(0, "2024-05-01T10:00", 100, 101), kafka_timestamp_ms=NOON)
    value = dict(event.value or {})
    del value["changedAt"]
    if isinstance(missing, dict):
        value |= missing
    (row,) = reference.staged([dataclasses.replace(event, value=value)])
    assert (row.event_time_ms, row.is_event_time_from_kafka, row.stream_time_ms) == (NOON, True, NOON)


@pytest.mark.parametrize(
    ("ahead_ms", "is_dead"),
    [
        (DAY_MS - 1, False),
        (DAY_MS, False),  # 24 h ahead is not more than 24 h
        (DAY_MS + 1, True),
    ],
)
def test_event_time_more_than_24_hours_past_the_records_own_kafka_timestamp_is_dead(ahead_ms, is_dead):
    event = changed(price_change(0, "2024-05-01T12:00", 100, 101), changedAt=NOON + ahead_ms)
    assert bool(reference.dead([event])) is is_dead
    assert bool(reference.staged([event])) is not is_dead


@pytest.mark.parametrize(("event_time_ms", "is_dead"), [(-1, True), (0, False)])
def test_event_time_before_1970_is_dead(event_time_ms, is_dead):
    event = changed(price_change(0, "2024-05-01T12:00", 100, 101), changedAt=event_time_ms)
    assert bool(reference.dead([event])) is is_dead


def test_dead_record_moves_no_stream_time():
    wild = changed(price_change(1, "2024-05-01T12:00", 100, 101), changedAt=NOON + 365 * DAY_MS)
    log = [
        price_change(0, "2024-05-01T10:00", 100, 101),
        wild,
        changed(price_change(2, "2024-05-01T14:00", 100, 101), oldPrice=0),
        price_change(3, "2024-05-01T11:00", 100, 101),
    ]
    assert clock_times(log) == ["10:00", "11:00"]
    assert [event.offset for event in reference.dead(log)] == [1, 2]


@pytest.mark.parametrize(
    ("old", "new", "is_dead"),
    [
        (0, 1, True),
        (1, 0, True),
        (1, 1, False),
        (10**12, 10**12, False),
        (10**12 + 1, 10**12, True),
        (10**12, 10**12 + 1, True),
        (1, 1000, False),  # exactly 1000-fold
        (1, 1001, True),
        (1000, 1, False),
        (1001, 1, True),
        (-5, -5, True),
    ],
)
def test_price_outside_its_bounds_or_changed_more_than_1000_fold_is_dead(old, new, is_dead):
    assert bool(reference.dead([price_change(0, "2024-05-01T12:00", old, new)])) is is_dead


@pytest.mark.parametrize(
    ("zip_code", "is_dead"), [("01001", False), ("7870", True), ("787011", True), ("7870A", True), ("", True)]
)
def test_zip_code_that_is_none_is_dead(zip_code, is_dead):
    event = price_change(0, "2024-05-01T12:00", 100, 101, zip_code=zip_code)
    assert bool(reference.dead([event])) is is_dead


@pytest.mark.parametrize(
    ("fields", "is_dead"),
    [
        ({"medianPrice": 1, "sales": 0, "volume": 0, "listings": 0, "inventoryMonths": 0.0}, False),
        (
            {"medianPrice": None, "sales": None, "volume": None, "listings": None, "inventoryMonths": None},
            False,
        ),
        ({"medianPrice": 0}, True),
        ({"medianPrice": 10**12}, False),
        ({"medianPrice": 10**12 + 1}, True),
        ({"sales": -1}, True),
        ({"volume": -1}, True),
        ({"listings": -1}, True),
        ({"inventoryMonths": -0.1}, True),
        ({"inventoryMonths": 1e9}, False),
        ({"inventoryMonths": 1.1e9}, True),
        ({"month": 0}, True),
        ({"month": 12}, False),
        ({"month": 13}, True),
        ({"year": 1969}, True),
        ({"year": 1970}, False),
    ],
)
def test_report_with_an_impossible_figure_is_dead(fields, is_dead):
    event = changed(report(0, "2024-05-01T12:00", "Austin", (2024, 4), 300_000, sales=5), **fields)
    assert bool(reference.dead([event])) is is_dead


def test_tombstone_is_dead_on_a_stream_and_the_version_none_on_a_table():
    log = [
        Event("property-price-changes", 0, 0, NOON, None),
        Event("neighborhood-data", 0, 0, NOON, None),
        Event("neighborhood-data", 0, 1, NOON, None, "78701"),
    ]
    assert [event.topic for event in reference.dead(log)] == ["property-price-changes", "neighborhood-data"]
    (row,) = reference.staged(log)
    assert (row.topic, row.value, row.event_time_ms) == ("neighborhood-data", None, NOON)
