"""Open dead letters, read for a redrive, with the stream time before each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason
from proptech_pipelines.contracts.topics import topic
from proptech_pipelines.contracts.wire import Header
from proptech_pipelines.lake.connection import Connection, quoted

Coordinates = tuple[str, int, int]
"""Topic id, partition, offset."""
Key = tuple[str, str, int, int]
"""Where a letter stands in the order in which letters are read: topic, then its coordinates."""
COPY = DeadLetterReason.COPY_OF_RECORD


@dataclass(frozen=True)
class Named:
    """A letter asked for by name. Of several incarnations of the topic, the newest that has such a letter counts."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Choice:
    """Which open letters to choose; all that is given must hold.

    `since` and `until` are aware moments, [since, until), and compared with Kafka timestamps. Parked letters are
    chosen by name alone, copies never: a copy mends its origin.
    """

    topic: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    named: tuple[Named, ...] = ()

    def where(self) -> str:
        """The condition on a row of dead_letters."""
        found = [f"reason <> '{COPY}'"]
        if self.topic is not None:
            found.append(f"topic = '{quoted(self.topic)}'")
        if self.reason is not None:
            found.append(f"reason = '{quoted(self.reason)}'")
        if self.since is not None:
            found.append(f"kafka_timestamp_ms >= {_milliseconds(self.since)}")
        if self.until is not None:
            found.append(f"kafka_timestamp_ms < {_milliseconds(self.until)}")
        if self.named:
            rows = ", ".join(
                f"('{quoted(item.topic)}', {item.partition}, {item.offset})" for item in self.named
            )
            found.append(f"(topic, kafka_partition, kafka_offset) in ({rows})")
            found.append(
                "topic_epoch = (select max(topic_epoch) from dead_letters as other where other.topic = letter.topic "
                "and other.kafka_partition = letter.kafka_partition and other.kafka_offset = letter.kafka_offset)"
            )
        else:
            found.append("not is_parked")
        return " and ".join(found)


@dataclass(frozen=True)
class Letter:
    """An open letter. `stream_time_ms` is its partition's just before it, None before the first row."""

    topic: str
    topic_id: str
    topic_epoch: int
    partition: int
    offset: int
    commit_number: int
    kafka_timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] | None
    reason: str
    attempts: int
    stream_time_ms: int | None

    @property
    def coordinates(self) -> Coordinates:
        """Where its record is in the log."""
        return self.topic_id, self.partition, self.offset

    @property
    def place(self) -> Key:
        """Its place in the order of letters."""
        return self.topic, *self.coordinates


def read_letters(con: Connection, choice: Choice, after: Key | None, limit: int) -> list[Letter]:
    """The first `limit` letters of `choice` in their order, beyond the place `after`. Inside one snapshot."""
    where = choice.where()
    if after is not None:
        name, topic_id, partition, offset = after
        where += (
            f" and (topic, topic_id, kafka_partition, kafka_offset) > "
            f"('{quoted(name)}', '{quoted(topic_id)}', {partition}, {offset})"
        )
    con.execute(
        f"create or replace temporary table chosen as select * from dead_letters as letter where {where} "
        f"order by topic, topic_id, kafka_partition, kafka_offset limit {limit}"
    )
    return _chosen(con)


def letters_at(con: Connection, places: Sequence[Coordinates]) -> list[Letter]:
    """The open letters at exactly these coordinates, parked ones too, in their order. Inside one snapshot."""
    con.execute(
        f"create or replace temporary table chosen as select * from dead_letters where {_at(places)} "
        "order by topic, topic_id, kafka_partition, kafka_offset"
    )
    return _chosen(con)


def _at(places: Sequence[Coordinates]) -> str:
    rows = ", ".join(
        f"('{quoted(topic_id)}', {partition}, {offset})" for topic_id, partition, offset in places
    )
    return f"(topic_id, kafka_partition, kafka_offset) in ({rows})"


def _chosen(con: Connection) -> list[Letter]:
    """The letters in the temporary table `chosen`."""
    found = con.execute("select distinct topic, commit_number from chosen order by all").fetchall()
    if not found:
        return []
    # Rows of a transaction that are in staging are its own: those of redrives bear other numbers.
    parts = [
        f"select commit_number, topic_id, kafka_partition, kafka_offset, stream_time_ms from {table} "
        f"where commit_number in ({', '.join(numbers)})"
        for table, numbers in _by_table(found).items()
    ]
    rows = con.execute(
        f"""
        with ranges as (
            select commit_number, topic_id, kafka_partition, lag(stream_time_ms) over (
                partition by topic_id, kafka_partition order by commit_number
            ) as carried_ms
            from log_ranges
            where topic_id in (select topic_id from chosen)
        ),
        staged as ({" union all ".join(parts)})
        select c.topic, c.topic_id, c.topic_epoch, c.kafka_partition, c.kafka_offset, c.commit_number,
            c.kafka_timestamp_ms, c.key, c.value, c.headers, c.reason, c.attempts,
            coalesce(s.stream_time_ms, r.carried_ms)
        from chosen as c
        left join ranges as r on c.commit_number = r.commit_number and c.topic_id = r.topic_id
            and c.kafka_partition = r.kafka_partition
        asof left join staged as s on c.commit_number = s.commit_number and c.topic_id = s.topic_id
            and c.kafka_partition = s.kafka_partition and c.kafka_offset > s.kafka_offset
        order by c.topic, c.topic_id, c.kafka_partition, c.kafka_offset"""
    ).fetchall()
    return [Letter(*_with_headers(row, 9)) for row in rows]


def _by_table(found: Sequence[tuple[str, int]]) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    for name, commit_number in found:
        tables.setdefault(topic(name).staging_table, []).append(str(commit_number))
    return tables


@dataclass(frozen=True)
class Copy:
    """A record that others produced as a copy of another one, and that no redrive has used."""

    topic_id: str
    partition: int
    offset: int
    value: bytes
    headers: Sequence[Header]


def unused_copies(con: Connection, low: int) -> list[Copy]:
    """Copies with a value that came with ingest transactions beyond `low` and were not used, as they came."""
    rows = con.execute(
        f"""
        select topic_id, kafka_partition, kafka_offset, value, headers
        from dead_letter_records as r
        where reason = '{COPY}' and commit_number > {low} and value is not null and not exists (
            from dead_letter_attempts as a
            where a.copy_topic_id = r.topic_id and a.copy_partition = r.kafka_partition
                and a.copy_offset = r.kafka_offset
        )
        order by commit_number, topic, topic_id, kafka_partition, kafka_offset"""
    ).fetchall()
    return [Copy(*_with_headers(row, 4)) for row in rows]


def copies_at(con: Connection, places: Sequence[Coordinates]) -> list[Copy]:
    """The records at exactly these coordinates, used or not."""
    if not places:
        return []
    rows = con.execute(
        "select topic_id, kafka_partition, kafka_offset, value, headers from dead_letter_records "
        f"where {_at(places)}"
    ).fetchall()
    return [Copy(*_with_headers(row, 4)) for row in rows]


def _with_headers(row: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    """`row` with the headers at `place` as pairs of name and value."""
    stored = row[place]
    pairs = None if stored is None else [(item["name"], item["value"]) for item in stored]
    return (*row[:place], pairs, *row[place + 1 :])


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
