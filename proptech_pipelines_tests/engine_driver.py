"""The engine behind the interface of the reference: a log of events and idle entries in, tables out."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.letters import Choice
from proptech_pipelines.pipeline.readmit import write_readmission
from proptech_pipelines.pipeline.redrive import Redriver
from proptech_pipelines.settings import HOUR_MS
from proptech_pipelines.testing import SCHEMAS, PipelineDriver, Record, encode, topic_id
from proptech_pipelines_tests.reference import Entry, Event, Idle, Readmit, Row

UNKNOWN = 1_000
"""Added to a schema id it is one that no registry knows when the record comes."""
KNOWN_LATER = {**SCHEMAS, **{int(number) + UNKNOWN: text for number, text in SCHEMAS.items()}}
"""Schemas by id once those are known, too."""


class EngineDriver:
    """A `PipelineDriver` that takes the entries of a reference log.

    A partition that moves has no idle entry in the same transaction. So what is piped at once is taken in by as
    few transactions as its partitions turn from records to idle entries and back: mostly one.
    """

    def __init__(self, folder: Path, template: Path | None = None) -> None:
        self.pipeline = PipelineDriver(folder, template)
        # These two ask a SQLite catalog for the figures of every column at every scan: 30 ms for 13 of them.
        self.pipeline.con.execute("set disabled_optimizers = 'statistics_propagation,join_order'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the lake."""
        self.pipeline.close()

    def pipe(self, events: Sequence[Entry], /) -> None:
        """Add records, idle entries and re-admissions to the end of the log; each of the latter is a transaction."""
        for part in _at_readmissions(events):
            if isinstance(part, Readmit):
                self._readmit(part)
                continue
            for records, idle in _transactions(part):
                self.pipeline.pipe([_record(event) for event in records], [_idle(entry) for entry in idle])

    def _readmit(self, entry: Readmit) -> None:
        """Re-admit the record, whether any table that is behind has found it late yet or not."""
        coordinates = [topic_id(entry.topic), entry.partition, entry.offset]
        staging = next(model for model in self.pipeline.graph.staging if model.topic == entry.topic)
        row = self.pipeline.con.execute(
            f"select max(event_time) from {staging.name} "
            "where topic_id = ? and kafka_partition = ? and kafka_offset = ?",
            coordinates,
        ).fetchone()
        names = ("topic_id", "kafka_partition", "kafka_offset")
        record = {
            "table_name": entry.table,
            "topic": entry.topic,
            **dict(zip(names, coordinates, strict=True)),
            "event_time": row[0] if row else None,
            "windows": 1,
        }
        write_readmission(self.pipeline.con, [record])
        self.pipeline.ingest.load()

    def know(self, entries: Sequence[Entry], /) -> None:
        """Take in that the partitions of `entries` are there, as the stream does when it begins.

        What is decided once waits for all of them.
        """
        known = {
            (state.topic, state.partition) for state in self.pipeline.ingest.positions.partitions.values()
        }
        new = sorted({(entry.topic, entry.partition) for entry in entries} - known)
        if new:
            self.pipeline.ingest.take(
                [Fetched(topic, topic_id(topic), partition, 0, 0) for topic, partition in new]
            )

    def redrive(self) -> None:
        """Redrive all dead letters under the schemas that are known by now."""
        limits = Limits(max_ahead_ms=24 * HOUR_MS, max_string_bytes=32_768)
        Redriver(self.pipeline.con, KNOWN_LATER.get, limits, max_attempts=1_000).redrive(Choice())
        self.pipeline.ingest.load()

    def advance(self, family: str | None = None) -> None:
        """Bring every table, or those of `family`, to the end of the log."""
        self.pipeline.advance(family)

    def table(self, name: str, /) -> list[Row]:
        """The rows of a table."""
        return self.pipeline.table(name)


def _at_readmissions(entries: Sequence[Entry]) -> Iterator[list[Entry] | Readmit]:
    """The entries between re-admissions, and these."""
    waiting: list[Entry] = []
    for entry in entries:
        if isinstance(entry, Readmit):
            yield waiting
            yield entry
            waiting = []
        else:
            waiting.append(entry)
    yield waiting


def _transactions(entries: Sequence[Entry]) -> Iterator[tuple[list[Event], list[Idle]]]:
    """Records and idle entries, of a partition either the former or one of the latter, in its order."""
    waiting: defaultdict[tuple[str, int], deque[Entry]] = defaultdict(deque)
    for entry in entries:
        waiting[entry.topic, entry.partition].append(entry)
    while any(waiting.values()):
        records: list[Event] = []
        idle: list[Idle] = []
        for partition in waiting.values():
            if partition and isinstance(partition[0], Idle):
                idle.append(partition.popleft())
                continue
            while partition and isinstance(partition[0], Event):
                records.append(partition.popleft())
        yield records, idle


def _record(event: Event) -> Record:
    key = None if event.key is None else event.key.encode()
    record = Record(event.topic, event.partition, event.offset, event.kafka_timestamp_ms, event.value, key)
    return replace(record, value=_under_unknown_schema(record)) if event.is_redriven else record


def _under_unknown_schema(record: Record) -> bytes | None:
    value = encode(record)
    if value is None:
        return None
    schema_id = int.from_bytes(value[1:5], "big") + UNKNOWN
    return b"\0" + schema_id.to_bytes(4, "big") + value[5:]


def _idle(entry: Idle) -> ControlEntry:
    return ControlEntry(
        "partition_idle",
        entry.topic,
        topic_id(entry.topic),
        entry.partition,
        entry.at_offset,
        entry.stream_time_ms,
    )
