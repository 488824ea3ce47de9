"""The engine behind the interface of the reference: a log of events and idle entries in, tables out."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Self

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.testing import PipelineDriver, Record, topic_id
from proptech_pipelines_tests.reference import Entry, Event, Idle, Row


class EngineDriver:
    """A `PipelineDriver` that takes the entries of a reference log in their order of arrival.

    An idle entry is a transaction of its own, for a partition that moves has no such entry; the records between
    two idle entries are one micro-batch.
    """

    def __init__(self, folder: Path, template: Path | None = None) -> None:
        self.pipeline = PipelineDriver(folder, template)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.con.close()

    def pipe(self, events: Sequence[Entry], /) -> None:
        """Add records and idle entries to the end of the log."""
        for is_idle, run in groupby(events, key=lambda entry: isinstance(entry, Idle)):
            entries = list(run)
            if is_idle:
                idle = [entry for entry in entries if isinstance(entry, Idle)]
                self._register(idle)
                for entry in idle:
                    self.pipeline.pipe(idle=[_idle(entry)])
            else:
                self.pipeline.pipe([_record(entry) for entry in entries if isinstance(entry, Event)])

    def _register(self, entries: Sequence[Idle]) -> None:
        """Take in that the partitions are there, as the stream does before it watches them."""
        known = self.pipeline.ingest.positions.partitions
        new = {(entry.topic, entry.partition) for entry in entries} - {
            (state.topic, state.partition) for state in known.values()
        }
        if new:
            self.pipeline.ingest.take(
                [Fetched(topic, topic_id(topic), partition, 0, 0) for topic, partition in sorted(new)]
            )

    def advance(self) -> None:
        """Bring every table to the end of the log."""
        self.pipeline.advance()

    def table(self, name: str, /) -> list[Row]:
        """The rows of a table."""
        return self.pipeline.table(name)


def _record(event: Event) -> Record:
    return Record(event.topic, event.partition, event.offset, event.kafka_timestamp_ms, event.value)


def _idle(entry: Idle) -> ControlEntry:
    return ControlEntry(
        "partition_idle",
        entry.topic,
        topic_id(entry.topic),
        entry.partition,
        entry.at_offset,
        entry.stream_time_ms,
    )
