"""Proves the log: offset ranges gapless, records all there, checksums right."""

from collections.abc import Iterator
from dataclasses import dataclass

from proptech_pipelines.lake.connection import Connection, connect
from proptech_pipelines.pipeline.prepare import checksum
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
class Verified:
    """What was looked at and what was wrong."""

    ranges: int
    records: int
    broken: tuple[BrokenRange, ...]


def verify_log(settings: Settings) -> Verified:
    """Read the whole log in order and compare each range with its count and checksum, in one snapshot."""
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
            found = checksum([row[0] for row in held], [row[1] for row in held], [row[2] for row in held])
            if len(held) != count or found != expected:
                broken.append(BrokenRange(topic, partition, start, end, count, len(held)))
    finally:
        con.close()
    return Verified(len(ranges), sum(item[4] for item in ranges), tuple(broken))


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
