"""The ingest: takes micro-batches into log and staging, exactly once."""

from collections.abc import Sequence
from dataclasses import replace

from proptech_pipelines.clock import Clock
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.wire import SchemaKey, schema_key_of
from proptech_pipelines.errors import RegistryUnavailable, RowsRefused
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.control import ControlEntry, resolved_schemas
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.letters import Coordinates
from proptech_pipelines.lake.log_writer import INGEST, Batch, write_batch
from proptech_pipelines.lake.positions import PartitionState, Positions, read_positions
from proptech_pipelines.lake.transactions import head, snapshot
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines.pipeline.gather import TopicBatch, gather
from proptech_pipelines.pipeline.prepare import Prepared, Range, advanced, prepare, range_table
from proptech_pipelines.pipeline.redrive import LookUp, Redriver

_RETRY_SECONDS = 1.0


class Ingest:
    """The one writer of the log. Holds the cut in memory; a failed transaction drops it, `load` reads it again."""

    def __init__(self, con: Connection, look_up: LookUp, limits: Limits, clock: Clock) -> None:
        self._con = con
        self._graph = Graph({})
        self._staging: dict[str, Model] = {}
        self._readers: dict[str, str] = {}
        self._look_up = look_up
        self._limits = limits
        self._clock = clock
        self._redriver = Redriver(con, look_up, limits)
        self._schemas: dict[SchemaKey, str] = {}
        self._positions: Positions | None = None

    @property
    def graph(self) -> Graph:
        """The live models as of the last `load`."""
        return self._graph

    @property
    def positions(self) -> Positions:
        """The cut after the last transaction."""
        return self._positions or self.load()

    def load(self) -> Positions:
        """Read the cut, the resolved schemas and the staging models from the lake, in one snapshot."""
        with snapshot(self._con):
            self._graph = live_graph(self._con)
            self._positions = read_positions(self._con)
            self._schemas = resolved_schemas(self._con)
        self._staging = {model.topic: model for model in self._graph.staging}
        self._readers = {name: model.reader_schema for name, model in self._staging.items()}
        return self._positions

    def take(
        self, fetched: Sequence[Fetched], control: Sequence[ControlEntry] = (), cluster_id: str = ""
    ) -> Prepared:
        """Commit the ranges of `fetched`, which start at the positions, and `control` entries, in one transaction.

        A partition that brings rows is not idle: entries for it are left out. Waits while the registry is down.
        Raises LedgerConflict if another ingest was quicker: load and plan again.
        """
        positions = self.positions
        batches = gather(fetched)
        schemas, resolved = self._resolve(batches)
        refused: dict[Coordinates, str] = {}
        while True:
            prepared = prepare(positions, batches, schemas, self._limits, self._readers, refused)
            entries = [*resolved, *_of_idle(control, prepared.ranges)]
            prepared.ranges = _raised(positions, prepared.ranges, entries)
            try:
                number = self._write(positions, prepared, entries, cluster_id)
            except RowsRefused as error:
                refused |= error.messages
            else:
                break
        self._positions = advanced(
            positions, prepared.ranges, number, positions.control_number + len(entries)
        )
        self._schemas |= {
            schema_key_of(entry.schema_key or ""): entry.schema_text or "" for entry in resolved
        }
        return prepared

    def _write(
        self, positions: Positions, prepared: Prepared, entries: Sequence[ControlEntry], cluster_id: str
    ) -> int:
        batch = Batch(
            prepared.log,
            prepared.staged,
            prepared.dead,
            range_table(prepared.ranges),
            entries,
            prepared.consumed,
            prepared.staged_rows,
            prepared.dead_letters,
        )
        try:
            return write_batch(self._con, self._staging, positions, batch, cluster_id)
        except BaseException:
            self._positions = None
            raise

    def is_overtaken(self) -> bool:
        """Whether another writer, a redrive say, has committed beyond the positions."""
        return head(self._con, INGEST) != self.positions.commit_number

    def redrive_copies(self, low: int = 0) -> None:
        """Redrive the letters of which copies came with transactions beyond `low`; moves the positions if any did.

        Waits while the registry is down. Raises LedgerConflict as `take`.
        """
        while True:
            try:
                if self._redriver.redrive_copies(low).commits:
                    self._positions = None
            except RegistryUnavailable:
                self._clock.sleep(_RETRY_SECONDS)
            else:
                return

    def _resolve(
        self, batches: Sequence[TopicBatch]
    ) -> tuple[dict[SchemaKey, str | None], list[ControlEntry]]:
        """The schemas of `batches`, and an entry for each that the log does not know yet.

        An id that the registry does not know is asked for again with every batch that brings it.
        """
        schemas: dict[SchemaKey, str | None] = dict(self._schemas)
        entries: list[ControlEntry] = []
        for batch in batches:
            for key in sorted(batch.frames.schema_keys, key=str):
                if key in schemas:
                    continue
                schemas[key] = text = self._wait_for(key)
                if text is not None:
                    entries.append(
                        ControlEntry(
                            "schema_resolved",
                            batch.topic.name,
                            batch.topic_id,
                            schema_key=str(key),
                            schema_text=text,
                        )
                    )
        return schemas, entries

    def _wait_for(self, key: SchemaKey) -> str | None:
        while True:
            try:
                return self._look_up(key)
            except RegistryUnavailable:
                # No record is at fault: nothing is consumed until the registry answers again.
                self._clock.sleep(_RETRY_SECONDS)


def _of_idle(control: Sequence[ControlEntry], ranges: Sequence[Range]) -> list[ControlEntry]:
    """`control` without the idle entries of partitions that rows came from."""
    moved = {(item.state.topic_id, item.state.partition) for item in ranges if item.staged}
    return [
        entry
        for entry in control
        if entry.kind != "partition_idle" or (entry.topic_id, entry.partition) not in moved
    ]


def _raised(positions: Positions, ranges: Sequence[Range], control: Sequence[ControlEntry]) -> list[Range]:
    """`ranges` with the stream times of idle entries, whose partitions may have one of no records.

    A partition's first entry puts it on record.
    """
    found = {(item.state.topic_id, item.state.partition): item for item in ranges}
    for entry in control:
        if entry.kind != "partition_idle" or entry.topic_id is None or entry.partition is None:
            continue
        state = positions.state_of(entry.topic, entry.topic_id, entry.partition, entry.at_offset or 0)
        moved = found.get((entry.topic_id, entry.partition)) or Range(state, state.next_offset)
        raised = _with_stream_time(moved.state, entry.stream_time_ms)
        found[entry.topic_id, entry.partition] = replace(moved, state=raised)
    return list(found.values())


def _with_stream_time(state: PartitionState, stream_time_ms: int | None) -> PartitionState:
    return replace(state, stream_time_ms=max(stream_time_ms or 0, state.stream_time_ms or 0))
