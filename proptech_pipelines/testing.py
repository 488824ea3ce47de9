"""For tests: the whole pipeline in one thread, without Kafka. After Kafka's TopologyTestDriver."""

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import fastavro

from proptech_pipelines.clock import ManualClock
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.topics import INPUT_TOPICS, Topic, schema_text
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.engines.session import LARGE_SLICE_ROWS
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake import tables
from proptech_pipelines.lake.connection import attach, connect, cursor
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.generations import checkout_graph, create_models, live_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import advance_family, family_position
from proptech_pipelines.pipeline.ingest import Ingest
from proptech_pipelines.settings import HOUR_MS, Settings

_UNDATED = 100
"""Added to a topic's schema id it names the schema of a writer that gave no event time."""
_TOPICS = dict(enumerate(INPUT_TOPICS, start=1))
_SCHEMA_IDS = {topic.name: number for number, topic in _TOPICS.items()}


def _undated(topic: Topic) -> str:
    schema = json.loads(schema_text(topic.name))
    schema["fields"] = [item for item in schema["fields"] if item["name"] != topic.event_time]
    return json.dumps(schema)


SCHEMAS: dict[SchemaKey, str] = {
    **{number: schema_text(topic.name) for number, topic in _TOPICS.items()},
    **{number + _UNDATED: _undated(topic) for number, topic in _TOPICS.items()},
}
"""Texts of the schemas that `encode` writes with, by id."""
_PARSED = {number: fastavro.parse_schema(json.loads(text)) for number, text in SCHEMAS.items()}
_LIMITS = Limits(max_ahead_ms=24 * HOUR_MS, max_string_bytes=32_768)


@dataclass(frozen=True)
class Record:
    """A record at its coordinates.

    `value` is encoded with the topic's newest schema, or with one that lacks the event time where it has none;
    bytes go as they are.
    """

    topic: str
    partition: int
    offset: int
    kafka_timestamp_ms: int
    value: Mapping[str, Any] | bytes | None
    key: bytes | None = None


class PipelineDriver:
    """A lake of its own on disk, advanced by hand with the real executor.

    `pipe` is one ingest transaction, `advance` one transaction of each family. `restart` forgets all that is
    not in the lake.
    """

    reads_files = False
    """Whether families read each slice from its files, as they read a large one."""

    def __init__(self, folder: Path, template: Path | None = None, graph: Graph | None = None) -> None:
        """Make the lake in `folder`, an empty folder, from a `template` made by `make_template` if given."""
        folder.mkdir(parents=True, exist_ok=True)
        if template is not None:
            shutil.copytree(template, folder, dirs_exist_ok=True)
        self.settings = Settings(home=folder, catalog=f"sqlite:{folder}/catalog.sqlite")
        self._duckdb = connect(self.settings, threads=1)
        self.con = cursor(self._duckdb)
        if template is None:
            tables.create(self.con)
            create_models(self.con, lambda: graph or checkout_graph())
        self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the lake, which stays on disk."""
        self._duckdb.close()

    def renew(self, template: Path) -> None:
        """Begin again with a copy of `template` in the place of the lake.

        DuckDB stays as it is, for loading its extensions takes ten times as long as all else.
        """
        self.con.close()
        self._duckdb.execute("use memory")
        self._duckdb.execute("detach lake")
        shutil.rmtree(self.settings.home)
        shutil.copytree(template, self.settings.home)
        attach(self._duckdb, self.settings)
        self.restart()

    def restart(self) -> None:
        """Drop everything held in memory, as a new process would find it."""
        self.con.close()  # and its temporary tables with it
        self.con = cursor(self._duckdb)
        self.graph = live_graph(self.con)
        self.ingest = Ingest(self.con, SCHEMAS.get, _LIMITS, ManualClock())
        self._memories: dict[str, Memory] = {}

    def pipe(self, records: Sequence[Record] = (), idle: Sequence[ControlEntry] = ()) -> None:
        """Take `records` (per partition in the order of their offsets) and `idle` entries in as one transaction."""
        parts: dict[tuple[str, int], Fetched] = {}
        for record in records:
            key = (record.topic, record.partition)
            if key not in parts:
                start = self._next_offset(*key)
                parts[key] = Fetched(record.topic, topic_id(record.topic), record.partition, start, start)
            parts[key].append(record.offset, (1, record.kafka_timestamp_ms), record.key, encode(record), None)
        self.ingest.take(list(parts.values()), idle)

    def advance(self, family: str | None = None) -> None:
        """Bring `family` to the ingest's cut, or all families: for none, and for one of views alone."""
        cut = self.ingest.positions
        for name in [family] if family in self.graph.families else self.graph.families:
            position = family_position(self.con, name)
            memory = self._memories.setdefault(name, Memory())
            part = Slice(
                position.input_commit, cut.commit_number, LARGE_SLICE_ROWS + 1 if self.reads_files else 0
            )
            advance_family(self.con, self.graph, name, position, part, cut.control_number, memory)

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of table `name`, in no particular order."""
        found = self.con.execute(f"select * from {name}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _next_offset(self, topic: str, partition: int) -> int:
        state = self.ingest.positions.partitions.get((topic_id(topic), partition))
        return state.next_offset if state else 0


def make_template(folder: Path, graph: Graph | None = None) -> Path:
    """An empty lake in `folder`, for drivers to copy: quicker than making each one's tables anew."""
    with PipelineDriver(folder, graph=graph):
        return folder


def topic_id(topic: str) -> str:
    """The topic id that the driver gives to `topic`."""
    return f"id-of-{topic}"


def encode(record: Record) -> bytes | None:
    """The record's value in the wire format."""
    if record.value is None or isinstance(record.value, bytes):
        return record.value
    number = _SCHEMA_IDS[record.topic]
    if _TOPICS[number].event_time not in record.value:
        number += _UNDATED
    buffer = io.BytesIO()
    buffer.write(b"\0" + number.to_bytes(4, "big"))
    fastavro.schemaless_writer(buffer, _PARSED[number], dict(record.value))
    return buffer.getvalue()
