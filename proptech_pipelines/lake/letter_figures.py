"""What is to be known of dead letters at a glance: how many, why, how old, and whether they grow more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from proptech_pipelines.lake.connection import Connection, quoted

SAMPLE = 5
_SHOWN_BYTES = 24


@dataclass(frozen=True)
class Group:
    """Open letters of one topic and reason. Times are UTC, of when they were put here."""

    topic: str
    stage: str
    reason: str
    letters: int
    parked: int
    oldest_at: datetime
    newest_at: datetime


@dataclass(frozen=True)
class Sample:
    """One open letter, for the eye: `value` is the beginning of its bytes in hexadecimal digits, None for none."""

    topic: str
    partition: int
    offset: int
    reason: str
    message: str
    attempts: int
    value: str | None

    @property
    def name(self) -> str:
        """The name by which it can be asked for."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Depth:
    """How deep the letters are; ages and spans by the clock of who looks. The age is None without letters.

    `died_day_before` counts what died in the 24 hours before the last 24.
    """

    letters: int
    parked: int
    copies: int
    oldest_age_hours: float | None
    died_last_day: int
    died_day_before: int
    redriven: int
    records: int

    @property
    def depth_percent(self) -> float:
        """Open letters that are no copies, of a hundred records of the log."""
        return 100 * (self.letters - self.copies) / self.records if self.records else 0.0


def histogram(con: Connection, topic: str | None = None, reason: str | None = None) -> list[Group]:
    """Open letters by topic and reason, the most first."""
    rows = con.execute(
        "select topic, stage, reason, count(*), count(*) filter (is_parked), min(dead_at), max(dead_at) "
        f"from dead_letters where {_where(topic, reason)} group by topic, stage, reason "
        "order by count(*) desc, topic, reason"
    ).fetchall()
    return [Group(*row) for row in rows]


def samples(
    con: Connection, limit: int = SAMPLE, topic: str | None = None, reason: str | None = None
) -> list[Sample]:
    """Open letters, the newest of each topic and reason first."""
    rows = con.execute(
        f"""
        select topic, kafka_partition, kafka_offset, reason, message, attempts, hex(value[1:{_SHOWN_BYTES}])
        from dead_letters where {_where(topic, reason)}
        order by row_number() over (
            partition by topic, reason order by commit_number desc, kafka_partition, kafka_offset desc
        ), topic, reason
        limit {limit}"""
    ).fetchall()
    return [Sample(*row) for row in rows]


def depth(con: Connection) -> Depth:
    """The depth now, in one snapshot."""
    row = con.execute(
        """
        with clock as (select now() at time zone 'UTC' as seen_at),
        letters as (
            select count(*) as letters, count(*) filter (is_parked) as parked,
                count(*) filter (reason = 'copy_of_record') as copies, min(dead_at) as oldest_at
            from dead_letters
        ),
        died as (
            select count(*) filter (dead_at > seen_at - interval 24 hours) as last_day,
                count(*) filter (dead_at <= seen_at - interval 24 hours) as day_before
            from dead_letter_records, clock where dead_at > seen_at - interval 48 hours
        )
        select letters, parked, copies, date_diff('second', oldest_at, seen_at) / 3600.0, last_day, day_before,
            (select count(*) from dead_letter_attempts where outcome = 'staged'),
            (select cast(coalesce(sum(records), 0) as bigint) from log_ranges)
        from letters, died, clock"""
    ).fetchone()
    assert row is not None
    return Depth(*row)


def trend(con: Connection, days: int = 14) -> Sequence[tuple[date, int, int]]:
    """By day, UTC, the oldest first: letters that died on it, and letters that a redrive mended on it."""
    return con.execute(
        f"""
        select cast(happened_at as date) as day, count(*) filter (died), count(*) filter (not died)
        from (
            select dead_at as happened_at, true as died from dead_letter_records
            union all
            select attempted_at, false from dead_letter_attempts where outcome = 'staged'
        )
        where happened_at > now() at time zone 'UTC' - interval {days} days
        group by day order by day"""
    ).fetchall()


def _where(topic: str | None, reason: str | None) -> str:
    found = ["true"]
    found += [f"topic = '{quoted(topic)}'"] if topic is not None else []
    found += [f"reason = '{quoted(reason)}'"] if reason is not None else []
    return " and ".join(found)
