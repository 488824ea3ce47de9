"""Proves the log: records all there, checksums right, and each of them a row or an open dead letter."""

from collections.abc import Iterator
from dataclasses import dataclass

from proptech_pipelines.lake.connection import Connection, connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.pipeline.checksum import checksum_of
from proptech_pipelines.settings import Settings

_BATCH = 50_000


@dataclass(frozen=True)
class BrokenRange:
    """A range [start_offset, end_offset) whose records are not those that were taken in."""

    topic: str
    partition: int
    start_offset: int
    end_offset: int
    expected_records: int
    found_records: int


@dataclass(frozen=True)
class UnevenPartition:
    """A partition whose records are not those of its ranges, or not each a staging row or an open letter."""

    topic: str
    partition: int
    expected_records: int
    records: int
    expected_rows: int
    rows: int
    places: int
    """Different offsets among the rows: a redrive gives a coordinate at most one row."""
    expected_letters: int
    letters: int


@dataclass(frozen=True)
class Verified:
    """What was looked at and what was wrong."""

    ranges: int
    records: int
    broken: tuple[BrokenRange, ...]
    uneven: tuple[UnevenPartition, ...]


_UNEVEN = """
    with ranges as (
        select any_value(topic) as topic, topic_id, kafka_partition, cast(sum(records) as bigint) as records,
            cast(sum(staged) as bigint) as staged, cast(sum(dead) as bigint) as dead
        from log_ranges group by topic_id, kafka_partition
    ),
    logged as (
        select topic_id, kafka_partition, count(*) as logged from event_log group by topic_id, kafka_partition
    ),
    typed as (
        select topic_id, kafka_partition, count(*) as typed, count(distinct kafka_offset) as places
        from ({staging}) group by topic_id, kafka_partition
    ),
    letters as (
        select topic_id, kafka_partition, count(*) as letters from dead_letters group by topic_id, kafka_partition
    )
    select topic, kafka_partition, records, coalesce(logged, 0) as logged, staged, coalesce(typed, 0) as typed,
        coalesce(places, 0) as places, dead, coalesce(letters, 0) as letters
    from ranges
    left join logged using (topic_id, kafka_partition)
    left join typed using (topic_id, kafka_partition)
    left join letters using (topic_id, kafka_partition)
    where records <> coalesce(logged, 0) or staged <> coalesce(typed, 0) or staged <> coalesce(places, 0)
        or dead <> coalesce(letters, 0) or records <> staged + dead
    order by topic, kafka_partition"""


def verify_log(settings: Settings) -> Verified:
    """Read the whole log in order and compare each range with its count and checksum, in one snapshot.

    In the same snapshot the counts of each partition are compared: records are rows and open letters, after any
    redrive.
    """
    con = connect(settings, read_only=True)
    try:
        con.execute("begin transaction")
        ranges = con.execute(
            "select topic_id, kafka_partition, start_offset, end_offset, records, checksum, topic from log_ranges "
            "where records > 0 order by topic_id, kafka_partition, start_offset"
        ).fetchall()
        records = _records(con)
        held: list[tuple[int, bytes | None, bytes | None]] = []
        ahead = next(records, None)
        broken: list[BrokenRange] = []
        for topic_id, partition, start, end, count, expected, topic in ranges:
            held.clear()
            while (
                ahead is not None
                and ahead[:2] <= (topic_id, partition)
                and _before(ahead, topic_id, partition, end)
            ):
                if ahead[:2] == (topic_id, partition) and ahead[2] >= start:
                    held.append(ahead[2:])
                ahead = next(records, None)
            found = checksum_of([row[0] for row in held], [row[1] for row in held], [row[2] for row in held])
            if len(held) != count or found != expected:
                broken.append(BrokenRange(topic, partition, start, end, count, len(held)))
        uneven = _uneven(con)
    finally:
        con.close()
    return Verified(len(ranges), sum(item[4] for item in ranges), tuple(broken), uneven)


def _uneven(con: Connection) -> tuple[UnevenPartition, ...]:
    names = [model.table for model in live_graph(con).staging]
    staging = " union all ".join(
        f"select topic_id, kafka_partition, kafka_offset from {name}" for name in names
    )
    return tuple(UnevenPartition(*row) for row in con.execute(_UNEVEN.format(staging=staging)).fetchall())


def _before(
    row: tuple[str, int, int, bytes | None, bytes | None], topic_id: str, partition: int, end: int
) -> bool:
    return row[:2] != (topic_id, partition) or row[2] < end


def _records(con: Connection) -> Iterator[tuple[str, int, int, bytes | None, bytes | None]]:
    reader = con.execute(
        "select topic_id, kafka_partition, kafka_offset, key, value from event_log order by 1, 2, 3"
    ).to_arrow_reader(_BATCH)
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
