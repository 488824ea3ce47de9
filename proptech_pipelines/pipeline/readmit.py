"""Re-admission: late records that count after all, in exactly the windows that they had missed.

It is a transaction of the ingest's side and moves its head. It chooses outside and commits in short; if another
re-admission or a swap came between, it chooses again. No table of rows is touched: families take it in as they advance.
"""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, connect, scalar
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.late import CHOSEN, Choice, choose
from proptech_pipelines.lake.lease import INGEST_LEASE, Leases
from proptech_pipelines.lake.log_writer import INGEST, write_control, write_ranges
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.lake.positions import read_positions
from proptech_pipelines.lake.transactions import move_head, snapshot, transaction
from proptech_pipelines.pipeline.prepare import Range, range_table
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)
BATCH_RECORDS = 50_000
"""Most records of one transaction; a kill between two leaves whole ones."""
_ATTEMPTS = 30
_COLUMNS = "table_name, topic, topic_id, kafka_partition, kafka_offset, event_time, windows"
_SCHEMA = pa.schema(
    [
        ("table_name", pa.string()),
        ("topic", pa.string()),
        ("topic_id", pa.string()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("event_time", pa.timestamp("us")),
        ("windows", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Line:
    """Records of one topic that were re-admitted to one fold, and the windows in which they count now."""

    table: str
    topic: str
    records: int
    windows: int


@dataclass
class Readmitted:
    """What was re-admitted, or would be, by table and topic, and the numbers of the entries in the control log."""

    lines: list[Line] = field(default_factory=list[Line])
    control_numbers: list[int] = field(default_factory=list[int])

    @property
    def records(self) -> int:
        """Records in all; one that is re-admitted to two folds is two."""
        return sum(line.records for line in self.lines)


def readmit_late(
    settings: Settings, choice: Choice, *, max_records: int | None = None, dry_run: bool = False
) -> Readmitted:
    """Re-admit late records, beside a running stream or without one. Raises as `readmit`."""
    with ExitStack() as stack:
        if dry_run:
            con = stack.enter_context(closing(connect(settings, read_only=True)))
            return would_readmit(con, choice, max_records)
        con = stack.enter_context(open_lake(settings))
        leases = stack.enter_context(Leases(settings))
        return readmit(con, choice, max_records, leases)


def would_readmit(con: Connection, choice: Choice, max_records: int | None = None) -> Readmitted:
    """What `readmit` would do; nothing is written."""
    choose(con, live_graph(con), choice, max_records)
    return Readmitted(_lines(con))


def readmit(
    con: Connection, choice: Choice, max_records: int | None = None, leases: Leases | None = None
) -> Readmitted:
    """Re-admit the late records of `choice`, at most `max_records`, in transactions of one fold and topic each.

    What was re-admitted before is left out, so that a second time changes nothing. Raises SettingsError for a table
    that cannot take late rows back, LedgerConflict if other writers leave no room for long.
    """
    done = Readmitted()
    while left := BATCH_RECORDS if max_records is None else min(BATCH_RECORDS, max_records - done.records):
        lines = _step(con, choice, left, leases, done.control_numbers)
        if not lines:
            break
        done.lines = _summed([*done.lines, *lines])
    return done


def _step(
    con: Connection, choice: Choice, limit: int, leases: Leases | None, numbers: list[int]
) -> list[Line]:
    for attempt in range(_ATTEMPTS):
        commit_number = _choose_first(con, choice, limit)
        lines = _lines(con)
        if not lines:
            return []
        try:
            with leases.hold(INGEST_LEASE) if leases else nullcontext(), transaction(con):
                _require_same_late_rows(con, commit_number)
                number = _write(con)
        except LedgerConflict as error:
            log.info("the re-admission chooses again: %s", error)
            time.sleep(0.01 * attempt)
        else:
            numbers.append(number)
            return lines
    raise LedgerConflict(
        f"The ingest moved on at each of {_ATTEMPTS} attempts to re-admit.",
        "run it again when the stream is quieter; what was re-admitted stands.",
    )


def _choose_first(con: Connection, choice: Choice, limit: int) -> int:
    """Choose records of the first table and topic that has any; the ingest transaction on which that rests."""
    with snapshot(con):
        commit_number = scalar(con, "select b from head_ingest")
        choose(con, live_graph(con), choice, limit)
    con.execute(
        f"delete from {CHOSEN} where (table_name, topic, topic_id) > "
        f"(select min((table_name, topic, topic_id)) from {CHOSEN})"
    )
    return commit_number


def write_readmission(
    con: Connection, rows: Sequence[Mapping[str, Any]], leases: Leases | None = None
) -> int:
    """Re-admit exactly `rows` (of table readmissions) of one table and topic; the number of the entry.

    A record that was not late, or that is not there, adds nothing.
    """
    con.register(
        "readmitted_rows",
        pa.Table.from_pylist([{name: row[name] for name in _SCHEMA.names} for row in rows], _SCHEMA),
    )
    con.execute(f"create or replace temporary table {CHOSEN} as from readmitted_rows")
    con.unregister("readmitted_rows")
    with leases.hold(INGEST_LEASE) if leases else nullcontext(), transaction(con):
        return _write(con)


def _write(con: Connection) -> int:
    """Write what stands in `CHOSEN`, inside a transaction; the number of its entry in the control log."""
    positions = read_positions(con)
    number = move_head(con, INGEST, positions.commit_number)
    ((table, topic, topic_id, records),) = con.execute(
        f"select table_name, topic, topic_id, count(*) from {CHOSEN} group by all"
    ).fetchall()
    detail = json.dumps({"records": records, "table": table})
    control_number = write_control(
        con, number, positions, [ControlEntry("readmit", topic, topic_id, detail=detail)]
    )
    con.execute(
        f"insert into readmissions by name select {number} as commit_number, {control_number - 1} as control_number, "
        f"{_COLUMNS} from {CHOSEN}"
    )
    partitions = con.execute(f"select distinct kafka_partition from {CHOSEN} order by 1").fetchall()
    # Empty ranges: families see by them that there is something for them.
    states = [positions.partitions[topic_id, partition] for (partition,) in partitions]
    write_ranges(
        con, number, range_table([Range(state, state.next_offset) for state in states]), _cluster(con)
    )
    con.execute(
        "insert into ledger values (?, ?, null, ?, 0, 0, 0, false, now() at time zone 'UTC')",
        [INGEST, number, control_number],
    )
    return control_number - 1


def _require_same_late_rows(con: Connection, commit_number: int) -> None:
    """Micro-batches change no late row that is there; another re-admission or a swap may have."""
    if scalar(
        con,
        "select count(*) from control_log where commit_number > ? and kind in ('readmit', 'swap')",
        [commit_number],
    ):
        raise LedgerConflict("Another re-admission or a swap came between.", "choose again.")


def _lines(con: Connection) -> list[Line]:
    rows = con.execute(
        f"select table_name, topic, count(*), cast(sum(windows) as bigint) from {CHOSEN} group by all order by all"
    ).fetchall()
    return [Line(*row) for row in rows]


def _summed(lines: Sequence[Line]) -> list[Line]:
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        former = found.get((line.table, line.topic), Line(line.table, line.topic, 0, 0))
        found[line.table, line.topic] = Line(
            line.table, line.topic, former.records + line.records, former.windows + line.windows
        )
    return list(found.values())


def _cluster(con: Connection) -> str:
    row = con.execute("select max(cluster_id) from log_ranges").fetchone()
    return str(row[0]) if row and row[0] is not None else ""
