"""`price_change_windows` and `price_change_late` of the reference, against values worked out by hand."""

import pytest

from proptech_pipelines_tests.reference import TABLES
from proptech_pipelines_tests.reference.arithmetic import milliseconds, moment
from proptech_pipelines_tests.reference.building import idle, price_change


def at(text: str) -> object:
    """The naive datetime of an ISO text in UTC."""
    return moment(milliseconds(text))


def windows(log):
    """(zip code, hour, count) of every window, in order."""
    rows = TABLES["price_change_windows"](log)
    return sorted((row["zip_code"], f"{row['window_start']:%d %H:%M}", row["event_count"]) for row in rows)


def late(log):
    """(partition, offset, lateness) of every late row, in order."""
    rows = TABLES["price_change_late"](log)
    return sorted((row["kafka_partition"], row["kafka_offset"], row["lateness_ms"]) for row in rows)


def test_window_holds_exact_sums():
    log = [
        price_change(0, "2024-05-01T10:00", 100, 110, state="TX"),  # +100,000,000
        price_change(1, "2024-05-01T10:30", 3, 2, state="AR"),  # -333,333,333
        price_change(0, "2024-05-01T10:15", 100, 100, partition=1),  # 0
    ]
    assert TABLES["price_change_windows"](log) == [
        {
            "zip_code": "78701",
            "window_start": at("2024-05-01T10:00"),
            "state_code": "AR",  # the least of TX, AR, TX
            "event_count": 3,
            "change_sum": -233_333_333,
            # 100,000,000^2 = 10,000,000,000,000,000; 333,333,333^2 = 111,111,110,888,888,889
            "change_square_sum": 121_111_110_888_888_889,
            "min_change_ppb": -333_333_333,
            "max_change_ppb": 100_000_000,
        }
    ]
    assert TABLES["price_change_late"](log) == []


def test_windows_are_half_open_and_aligned_to_the_epoch():
    log = [
        price_change(0, "2024-05-01T09:59:59.999", 100, 101),
        price_change(1, "2024-05-01T10:00:00.000", 100, 101),
        price_change(2, "2024-05-01T10:59:59.999", 100, 101),
        price_change(3, "2024-05-01T11:00:00.000", 100, 101),
        price_change(4, "1970-01-01T00:00:00.000", 100, 101, zip_code="01001"),  # late: years behind
        price_change(0, "1970-01-01T00:00:00.000", 100, 101, zip_code="01001", partition=1),
    ]
    assert windows(log) == [
        ("01001", "01 00:00", 1),
        ("78701", "01 09:00", 1),
        ("78701", "01 10:00", 2),
        ("78701", "01 11:00", 1),
    ]


def test_zip_codes_have_windows_of_their_own_and_equal_records_count_twice():
    log = [
        price_change(0, "2024-05-01T10:00", 100, 110),
        price_change(1, "2024-05-01T10:00", 100, 110),  # the same content at other coordinates
        price_change(0, "2024-05-01T10:00", 100, 110, partition=1),
        price_change(2, "2024-05-01T10:00", 100, 110, zip_code="78702"),
    ]
    assert windows(log) == [("78701", "01 10:00", 3), ("78702", "01 10:00", 1)]


@pytest.mark.parametrize(
    ("stream_time", "expected_windows", "expected_late"),
    [
        # A row of 10:30 belongs to [10:00, 11:00); its grace ends on the 2nd at 11:00.
        ("2024-05-02T10:59:59.999", [("78701", "01 10:00", 1), ("78701", "02 10:00", 1)], []),
        ("2024-05-02T11:00:00.000", [("78701", "02 11:00", 1)], [(0, 1, 0)]),  # equality is late
        ("2024-05-02T11:00:00.001", [("78701", "02 11:00", 1)], [(0, 1, 1)]),
    ],
)
def test_record_at_close_time_is_late(stream_time, expected_windows, expected_late):
    log = [price_change(0, stream_time, 100, 101), price_change(1, "2024-05-01T10:30", 100, 101)]
    assert windows(log) == expected_windows
    assert late(log) == expected_late


def test_lateness_is_judged_by_the_rows_own_stream_time_and_not_by_what_comes_later():
    log = [
        price_change(0, "2024-05-01T10:30", 100, 101),
        price_change(1, "2024-05-03T00:00", 100, 101),
        price_change(2, "2024-05-01T10:30", 100, 101),  # 37 h after 11:00, less 24 h grace = 13 h
    ]
    assert windows(log) == [("78701", "01 10:00", 1), ("78701", "03 00:00", 1)]
    assert late(log) == [(0, 2, 13 * 3_600_000)]


def test_lateness_is_judged_by_the_rows_own_partition():
    log = [
        price_change(0, "2024-05-03T00:00", 100, 101, partition=0),
        price_change(0, "2024-05-01T10:30", 100, 101, partition=1),
    ]
    assert windows(log) == [("78701", "01 10:00", 1), ("78701", "03 00:00", 1)]
    assert late(log) == []


def test_same_event_time_is_late_or_not_by_the_end_of_its_window():
    # Stream time is the 2nd, 11:00: the window that ends at 11:00 is closed, the one that begins then is not.
    log = [
        price_change(0, "2024-05-02T11:00", 100, 101),
        price_change(1, "2024-05-01T10:59:59.999", 100, 101),
        price_change(2, "2024-05-01T11:00:00.000", 100, 101),
    ]
    assert windows(log) == [("78701", "01 11:00", 1), ("78701", "02 11:00", 1)]
    assert late(log) == [(0, 1, 0)]


def test_late_row_bears_window_lateness_and_coordinates():
    log = [
        price_change(4, "2024-05-02T12:00", 100, 101, partition=2),
        price_change(9, "2024-05-01T10:30", 100, 101, partition=2),
    ]
    assert TABLES["price_change_late"](log) == [
        {
            "kafka_partition": 2,
            "kafka_offset": 9,
            "zip_code": "78701",
            "event_time": at("2024-05-01T10:30"),
            "window_start": at("2024-05-01T10:00"),
            "window_end": at("2024-05-01T11:00"),
            "stream_time_ms": milliseconds("2024-05-02T12:00"),
            "lateness_ms": 3_600_000,  # the grace ended at 11:00 on the 2nd
        }
    ]


def test_idle_entry_makes_what_follows_late():
    log = [
        price_change(0, "2024-05-01T10:30", 100, 101),
        idle(1, "2024-05-02T11:00"),
        price_change(1, "2024-05-01T10:30", 100, 101),
        price_change(2, "2024-05-01T11:30", 100, 101),
    ]
    assert windows(log) == [("78701", "01 10:00", 1), ("78701", "01 11:00", 1)]
    assert late(log) == [(0, 1, 0)]


def test_rows_in_time_and_late_rows_are_all_the_staged_rows():
    log = [
        price_change(n, when, 100, 101)
        for n, when in enumerate(
            ["2024-05-01T10:30", "2024-05-05T00:00", "2024-05-01T10:30", "2024-05-04T00:00"]
        )
    ]
    # The 4th, 00:00 ends at 01:00 and closes on the 5th at 01:00: in time.
    assert [count for _, _, count in windows(log)] == [1, 1, 1]
    assert len(late(log)) == 1
