"""Checks of the guarantees on live data: each gives failing rows, which should be none."""

from dataclasses import dataclass, field
from typing import Any

from proptech_pipelines.lake.building import FIRST_NUMBER
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.transactions import snapshot
from proptech_pipelines.pipeline.compare import compare_days

_SAMPLE = 5


@dataclass(frozen=True)
class CheckResult:
    """Whether a check held, on how much, and a sample of what broke it."""

    passed: bool
    looked_at: int
    failures: int = 0
    sample: tuple[str, ...] = field(default=())


GAPLESS = """
    select topic, topic_id, kafka_partition, start_offset, previous_end
    from (
        select *, lag(end_offset, 1, start_offset) over (
            partition by topic_id, kafka_partition order by commit_number, start_offset
        ) as previous_end
        from log_ranges
    )
    where start_offset <> previous_end"""
NUMBERED = """
    select writer, count(*) as rows, min(commit_number) as first, max(commit_number) as last
    from ledger group by writer
    having count(*) <> max(commit_number) - min(commit_number) + 1 or min(commit_number) not in (1, {first})
        or count(distinct commit_number) <> count(*)"""
CONTROL = """
    select count(*) as entries, max(number) as last
    from control_log having count(*) <> coalesce(max(number) + 1, 0) or count(distinct number) <> count(*)"""
CONSERVED = """
    with ranges as (
        select commit_number, sum(records) as records, sum(staged) as staged, sum(dead) as dead
        from log_ranges group by commit_number
    ),
    logged as (select commit_number, count(*) as logged from event_log group by commit_number),
    letters as (
        select commit_number, sum(letters) as letters
        from (
            select commit_number, count(*) as letters from dead_letter_records group by commit_number
            union all
            select commit_number, -count(*) from dead_letter_attempts where outcome = 'staged' group by commit_number
        )
        group by commit_number
    ),
    typed as (select commit_number, count(*) as typed from ({staging}) group by commit_number)
    select l.commit_number, l.rows_in, l.rows_applied, l.rows_rejected, records, logged, typed, letters
    from ledger as l
    left join ranges as r on l.commit_number = r.commit_number
    left join logged as g on l.commit_number = g.commit_number
    left join typed as t on l.commit_number = t.commit_number
    left join letters as d on l.commit_number = d.commit_number
    where l.writer = 'ingest' and (
        l.rows_in <> coalesce(r.records, 0) or l.rows_in <> coalesce(g.logged, 0)
        or l.rows_applied <> coalesce(t.typed, 0) or l.rows_applied <> coalesce(r.staged, 0)
        or l.rows_rejected <> coalesce(d.letters, 0) or l.rows_rejected <> coalesce(r.dead, 0)
        or l.rows_in <> l.rows_applied + l.rows_rejected
    )"""
OPEN = """
    with counts as (
        select (select count(*) from event_log) as logged, (select count(*) from ({staging})) as typed,
            (select count(*) from dead_letters) as open
    )
    select 'records, rows and open letters', logged, typed, open from counts where logged <> typed + open"""
REDRIVEN = """
    select topic_id, kafka_partition, kafka_offset, staged_rows, records
    from (
        select a.topic_id, a.kafka_partition, a.kafka_offset,
            (select count(*) from ({staging}) as s where s.topic_id = a.topic_id
                and s.kafka_partition = a.kafka_partition and s.kafka_offset = a.kafka_offset) as staged_rows,
            (select count(*) from dead_letter_records as r where r.topic_id = a.topic_id
                and r.kafka_partition = a.kafka_partition and r.kafka_offset = a.kafka_offset) as records
        from dead_letter_attempts as a where outcome = 'staged'
    )
    where staged_rows <> 1 or records <> 1"""


def ledger_is_gapless(con: Connection) -> CheckResult:
    """Offset ranges join up without gap or overlap; commit and control numbers have none missing or double."""
    failures = [
        row
        for sql in (GAPLESS, NUMBERED.format(first=FIRST_NUMBER + 1), CONTROL)
        for row in con.execute(sql).fetchall()
    ]
    return _result(failures, scalar(con, "select count(*) from ledger"))


def records_are_conserved(con: Connection) -> CheckResult:
    """In one snapshot and for each transaction: ledger = log rows = staged + dead (G4, G6).

    A redriven letter is staged once and open no more.
    """
    columns = "commit_number, topic_id, kafka_partition, kafka_offset"
    with snapshot(con):
        tables = [f"select {columns} from {model.name}" for model in live_graph(con).staging]
        staging = " union all ".join(tables)
        failures = [
            row
            for sql in (CONSERVED, OPEN, REDRIVEN)
            for row in con.execute(sql.format(staging=staging)).fetchall()
        ]
        return _result(failures, scalar(con, "select count(*) from event_log"))


def replay_equals_stream(con: Connection, family: str) -> CheckResult:
    """The stored tables of `family` are what one replay of the whole log gives at the same cut (G3)."""
    derived = compare_days(con, live_graph(con), family, None)
    failures = [item for item in derived if item.differs]
    return _result(failures, sum(item.rows for item in derived))


def _result(failures: list[Any], looked_at: int) -> CheckResult:
    return CheckResult(not failures, looked_at, len(failures), tuple(str(row) for row in failures[:_SAMPLE]))
