"""The generated logs hold the nasty cases that they promise, and the reference does not mind their order."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines_tests.logs import interleavings, logs, splits, traffic
from proptech_pipelines_tests.logs.traffic import START_MS
from proptech_pipelines_tests.reference import TABLES, Entry, Event, Idle, Log, dead, staged
from proptech_pipelines_tests.reference.arithmetic import BILLION, as_integer
from proptech_pipelines_tests.reference.staging import event_time_ms


def by_partition(log: Log) -> dict[tuple[str, int], list[Entry]]:
    """The entries of each partition in their order."""
    wheres = {(entry.topic, entry.partition) for entry in log}
    return {where: [entry for entry in log if (entry.topic, entry.partition) == where] for where in wheres}


def multiset(rows) -> Counter:
    """Rows without their order."""
    return Counter(tuple(row.items()) for row in rows)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_table_depends_on_the_interleaving_of_partitions(data):
    log = data.draw(logs(broken=True, undated=True))
    other = data.draw(interleavings(log))
    assert by_partition(other) == by_partition(log)
    for name, rows in TABLES.items():
        assert multiset(rows(other)) == multiset(rows(log)), name


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_splits_cut_every_partition_into_contiguous_ranges(data):
    log = data.draw(logs())
    batches = data.draw(splits(log))
    assert by_partition([entry for batch in batches for entry in batch]) == by_partition(log)


@given(logs(broken=True, undated=True))
@settings(max_examples=50, deadline=None)
def test_offsets_ascend_and_idle_entries_stand_before_the_records_that_they_concern(log):
    for entries in by_partition(log).values():
        offsets = [entry.offset if isinstance(entry, Event) else entry.at_offset for entry in entries]
        assert offsets == sorted(offsets)
        records = [entry.offset for entry in entries if isinstance(entry, Event)]
        assert len(records) == len(set(records))


@given(logs())
@settings(max_examples=50, deadline=None)
def test_unbroken_logs_hold_no_dead_letters(log):
    assert dead(log) == []


@pytest.mark.long
def test_generated_logs_hold_every_nasty_case():
    seen: Counter[str] = Counter()

    @given(logs(broken=True, undated=True))
    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    def look(log):
        seen.update({name for name, is_there in cases(log).items() if is_there})

    look()
    assert set(cases([])) - set(seen) == set()


def cases(log: Log) -> dict[str, bool]:
    """Which nasty cases a log holds."""
    rows = staged(log)
    late = [as_integer(row["lateness_ms"]) for row in TABLES["price_change_late"](log)]
    windows = [
        (as_integer(row["event_count"]), as_integer(row["change_sum"]), as_integer(row["change_square_sum"]))
        for row in TABLES["price_change_windows"](log)
    ]
    periods = TABLES["market_index"](log)
    alerts = {row["reason"] for row in TABLES["market_alerts"](log)}
    places = Counter((row.topic, row.partition, row.event_time_ms) for row in rows)
    reports = Counter(
        (row.text("region"), row.integer("year"), row.integer("month"), row.event_time_ms)
        for row in rows
        if row.topic == "market-data"
    )
    return {
        "late by 0 ms": 0 in late,
        "late by 1 ms": 1 in late,
        "late by far": any(lateness > 10**9 for lateness in late),
        "several late": len(late) > 1,
        "window of several rows": any(count > 2 for count, *_ in windows),
        "mean exactly 5 %": any(20 * abs(s) == n * BILLION for n, s, _ in windows),
        "spread exactly 15 %": any(400 * (n * q - s * s) == 9 * n * n * BILLION**2 for n, s, q in windows),
        "alert of the mean": "average_change" in alerts,
        "alert of the spread": "volatility" in alerts,
        "alert of both": "average_change,volatility" in alerts,
        "equal event times in a partition": any(count > 1 for count in places.values()),
        "reports that tie": any(count > 1 for count in reports.values()),
        "idle entry": any(isinstance(entry, Idle) for entry in log),
        "stream time raised by an idle entry": any(is_raised(row.stream_time_ms, rows) for row in rows),
        "dead letter": bool(dead(log)),
        "without event time": any(row.is_event_time_from_kafka for row in rows),
        "at the epoch": any(row.event_time_ms == 0 for row in rows),
        "24 h ahead of its sending": any(
            event_time_ms(entry) == entry.kafka_timestamp_ms + 24 * 3_600_000
            for entry in log
            if isinstance(entry, Event)
        ),
        "change on the month": any(row["median_change_month_ppb"] is not None for row in periods),
        "change on the year": any(row["median_change_year_ppb"] is not None for row in periods),
        "index beside 100": any(row["index_value"] not in {None, 100.0} for row in periods),
        "month without index": any(row["index_value"] is None for row in periods),
    }


def is_raised(stream_time_ms: int, rows) -> bool:
    """Whether no record explains the stream time."""
    return all(row.event_time_ms != stream_time_ms for row in rows)


def test_traffic_is_the_same_for_the_same_seed_and_another_for_another():
    assert traffic(7, 2_000) == traffic(7, 2_000)
    assert traffic(7, 2_000) != traffic(8, 2_000)


def test_traffic_is_a_realistic_mixture():
    log = traffic(1, 20_000)
    rows = staged(log)
    assert dead(log) == []
    assert len(rows) == 20_000
    late = TABLES["price_change_late"](log)
    assert 0.005 < len(late) / len(rows) < 0.03
    assert any(row["lateness_ms"] == 0 for row in late)
    assert 0.1 < len(TABLES["market_alerts"](log)) / len(TABLES["price_change_windows"](log)) < 0.5
    out_of_order = sum(row.event_time_ms < row.stream_time_ms for row in rows)
    assert 0.1 < out_of_order / len(rows) < 0.9
    assert any(isinstance(entry, Idle) for entry in log)
    assert min(row.kafka_timestamp_ms for row in rows) == START_MS
