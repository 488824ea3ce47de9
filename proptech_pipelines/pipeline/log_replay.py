"""Replays an exported log through the ingest, transaction after transaction, up to its end.

Transactions that brought records only are taken together; whatever the control log holds keeps its place. No registry
and no broker is asked. Where a replay stands is read from the lake's positions, so that a kill costs one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from proptech_pipelines.clock import SystemClock
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.wire import SchemaKey, schema_key_of
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.lease import INGEST_LEASE, Leases
from proptech_pipelines.lake.letters import copies_at, letters_at
from proptech_pipelines.lake.log_writer import INGEST, write_control
from proptech_pipelines.lake.positions import Partition, Positions
from proptech_pipelines.lake.transactions import move_head, transaction
from proptech_pipelines.pipeline.ingest import Ingest
from proptech_pipelines.pipeline.log_files import ExportedLog, Row, Transaction
from proptech_pipelines.pipeline.readmit import write_readmission
from proptech_pipelines.pipeline.redrive import Redriver
from proptech_pipelines.pipeline.redrive_plan import Trial

MAX_RECORDS = 200_000
MAX_BYTES = 256 << 20
"""Most records, and bytes of values, that are taken in at once; one transaction of the log may have more."""
KINDS = {"partition_idle", "schema_resolved", "gap_accepted", "redrive", "readmit", "swap"}
Report = Callable[[str, int, int], None]
"""What is at work (`log`, or a family), how far it is, and where it ends: records, or ingest transactions."""


@dataclass
class Imported:
    """What an import did: transactions of the exported log, the records in them, and of these what the lake had."""

    transactions: int = 0
    records: int = 0
    records_before: int = 0


class Replay:
    """One replay of `exported` into the lake of `con`."""

    def __init__(self, con: Connection, leases: Leases, exported: ExportedLog) -> None:
        self._con = con
        self._leases = leases
        self._exported = exported
        self._limits = Limits(**exported.manifest["limits"])
        self._resolved: dict[SchemaKey, str] = {}
        self._ingest = Ingest(con, self._look_up, self._limits, SystemClock())
        self._records = exported.records()
        self._waiting: dict[Partition, Fetched] = {}
        self._count = self._bytes = 0
        self._cluster_id = ""
        self.imported = Imported()

    def _look_up(self, key: SchemaKey) -> str | None:
        """What the transaction at hand resolved: what the registry did not know then is not known now."""
        return self._resolved.get(key)

    def run(self, report: Report) -> None:
        """Take in what the lake lacks."""
        positions = self._ingest.load()
        total, missing = self._exported.manifest["records"], False
        next_offsets = {where: state.next_offset for where, state in self._exported.start.partitions.items()}
        control_number = self._exported.start.control_number
        for item in self._exported.transactions():
            if not missing and is_in(item, positions):
                self.imported.records_before += _records_of(item)
            else:
                if not missing:
                    _require_at(positions, next_offsets, control_number)
                missing = True
                self._take(item)
                self.imported.transactions += 1
                self.imported.records += _records_of(item)
                report("log", self.imported.records_before + self.imported.records, total)
            control_number += len(item.entries)
            for row in item.ranges:
                next_offsets[row["topic_id"], row["kafka_partition"]] = row["end_offset"]
        self._flush()
        _require_at(self._ingest.positions, next_offsets, control_number)
        self._require_same()

    def _take(self, item: Transaction) -> None:
        kinds = {row["kind"] for row in item.entries}
        if not kinds and not self._is_new(item):
            self._add(item)
            return
        # What may change by its place among transactions is one of its own.
        self._flush()
        self._resolved = {
            schema_key_of(row["schema_key"]): row["schema_text"]
            for row in item.entries
            if row["kind"] == "schema_resolved"
        }
        if "redrive" in kinds:
            self._redrive(item)
        elif "readmit" in kinds:
            write_readmission(self._con, item.readmissions, self._leases)
            self._ingest.load()
        elif "swap" in kinds:
            self._write(item)
        else:
            self._add(item)
            self._flush(
                [_entry_of(row) for row in item.entries if row["kind"] != "schema_resolved"], is_own=True
            )
        self._resolved = {}

    def _is_new(self, item: Transaction) -> bool:
        """Whether it brings a partition: what had passed before that is read from transactions."""
        known = self._ingest.positions.partitions
        return any((row["topic_id"], row["kafka_partition"]) not in known for row in item.ranges)

    def _add(self, item: Transaction) -> None:
        """Put the records of `item` with those that wait; what idle entries alone moved, they move again."""
        idle = {
            (row["topic_id"], row["kafka_partition"])
            for row in item.entries
            if row["kind"] == "partition_idle"
        }
        parts = [
            self._records.read(row)
            for row in item.ranges
            if row["end_offset"] > row["start_offset"]
            or (row["topic_id"], row["kafka_partition"]) not in idle
        ]
        count = sum(len(part) for part in parts)
        size = sum(len(value) for part in parts for value in part.values if value)
        ids = {part.topic: part.topic_id for part in self._waiting.values()}
        if (
            self._count + count > MAX_RECORDS
            or self._bytes + size > MAX_BYTES
            or any(ids.get(part.topic, part.topic_id) != part.topic_id for part in parts)
        ):
            self._flush()
        for part in parts:
            _join(self._waiting, part)
        self._count, self._bytes = self._count + count, self._bytes + size
        for row in item.ranges:
            self._cluster_id = row["cluster_id"]

    def _flush(self, control: Sequence[ControlEntry] = (), *, is_own: bool = False) -> None:
        """Commit what waits. `is_own`: even if that is only `control`."""
        if self._waiting or is_own:
            with self._leases.hold(INGEST_LEASE):
                self._ingest.take(list(self._waiting.values()), control, self._cluster_id)
        self._waiting = {}
        self._count = self._bytes = 0

    def _redrive(self, item: Transaction) -> None:
        """Repeat a redrive: its letters with the values that it read, parked where they were."""
        parked = [row["attempt"] for row in item.attempts if row["outcome"] == "parked"]
        most = min(parked) if parked else max(row["attempt"] for row in item.attempts) + 1
        Redriver(self._con, self._look_up, self._limits, most, self._leases).repeat(
            lambda: self._trials(item.attempts)
        )
        self._ingest.load()

    def _trials(self, attempts: Sequence[Row]) -> list[Trial]:
        by_place = {(row["topic_id"], row["kafka_partition"], row["kafka_offset"]): row for row in attempts}
        used = [
            (row["copy_topic_id"], row["copy_partition"], row["copy_offset"])
            for row in attempts
            if row["value_source"] == "copy"
        ]
        copies = {(copy.topic_id, copy.partition, copy.offset): copy for copy in copies_at(self._con, used)}
        found: list[Trial] = []
        for letter in letters_at(self._con, list(by_place)):
            row = by_place[letter.coordinates]
            copy = copies.get((row["copy_topic_id"], row["copy_partition"], row["copy_offset"]))
            found.append(Trial(letter, copy or row["value"]))
        return found

    def _write(self, item: Transaction) -> None:
        """Entries that change no rows of the log, as they are."""
        positions = self._ingest.positions
        with self._leases.hold(INGEST_LEASE), transaction(self._con):
            number = move_head(self._con, INGEST, positions.commit_number)
            entries = [_entry_of(row) for row in item.entries]
            control_number = write_control(self._con, number, positions, entries)
            self._con.execute(
                "insert into ledger values (?, ?, null, ?, 0, 0, 0, true, now() at time zone 'UTC')",
                [INGEST, number, control_number],
            )
        self._ingest.load()

    def _require_same(self) -> None:
        """The lake's control log and counts are those of the exported log, entry by entry."""
        start = self._exported.start.control_number
        columns = (
            "number, kind, topic, topic_id, kafka_partition, at_offset, stream_time_ms, schema_key, detail"
        )
        found = self._con.execute(
            f"select {columns} from control_log where number >= {start} "
            f"and number < {self._exported.cut.control_number} order by number"
        ).fetchall()
        names = columns.split(", ")
        wanted = [tuple(row[name] for name in names) for row in self._exported.rows("control_log")]
        if found != wanted:
            first = next((one for one, other in zip(found, wanted, strict=False) if one != other), None)
            raise SettingsError(f"The control log came out otherwise: {first}.", _OTHERWISE)
        totals = self._con.execute(
            "select cast(sum(rows_applied) as bigint), cast(sum(rows_rejected) as bigint) "
            f"from ledger where writer = '{INGEST}'"
        ).fetchone()
        expected = (self._exported.manifest["rows"], self._exported.manifest["letters"])
        if totals != expected:
            raise SettingsError(f"Rows and open letters are {totals}, not {expected}.", _OTHERWISE)


_OTHERWISE = "start again in a fresh home folder with the version that exported the log, then upgrade."


def is_in(item: Transaction, positions: Positions) -> bool:
    """Whether the lake at `positions` has taken `item` in."""
    for row in item.ranges:
        state = positions.partitions.get((row["topic_id"], row["kafka_partition"]))
        if state is None or state.next_offset < row["end_offset"]:
            return False
    return all(row["number"] < positions.control_number for row in item.entries)


def _require_at(positions: Positions, next_offsets: dict[Partition, int], control_number: int) -> None:
    """Raise SettingsError unless the lake stands exactly there."""
    found = {where: state.next_offset for where, state in positions.partitions.items()}
    if found != next_offsets or positions.control_number != control_number:
        raise SettingsError(
            "The lake stands at no transaction of the exported log: it has records of its own.",
            "import into the empty lake of a fresh home folder, before a stream has run there.",
        )


def _records_of(item: Transaction) -> int:
    return sum(row["records"] for row in item.ranges)


def _join(waiting: dict[Partition, Fetched], part: Fetched) -> None:
    """Put `part` behind what waits of its partition."""
    first = waiting.setdefault((part.topic_id, part.partition), part)
    if first is not part:
        first.extend(part)


def _entry_of(row: Row) -> ControlEntry:
    return ControlEntry(
        row["kind"],
        row["topic"],
        row["topic_id"],
        row["kafka_partition"],
        row["at_offset"],
        row["stream_time_ms"],
        row["schema_key"],
        row["schema_text"],
        row["detail"],
    )
