"""One stream run: drains the log, then follows it in micro-batches until told to stop.

The ingest works in the calling thread; families, outboxes and upkeep in threads of their own, each with its own
transactions. Ending at any instant loses nothing: what is not committed is fetched again by the next run.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from proptech_pipelines.clock import Clock, SystemClock
from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.errors import LedgerConflict, ServiceError
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.connection import Connection, cursor
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import STREAM, Leases
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.advance import Advance
from proptech_pipelines.pipeline.idle import IdleWatch
from proptech_pipelines.pipeline.ingest import Ingest
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.pipeline.source import Source
from proptech_pipelines.pipeline.upkeep import UpkeepWorker
from proptech_pipelines.pipeline.workers import FamilyWorker, OutboxWorker
from proptech_pipelines.publishing.outbox import OutboxPublisher
from proptech_pipelines.publishing.registered import outboxes
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)
_REFRESH_MS = 5_000
_LOOK_SECONDS = 0.25
_OUTAGE_SECONDS = 1.0


@dataclass
class Summary:
    """What a run did. `halted` are the consumers that gave up, with their errors."""

    records: int = 0
    rows: int = 0
    dead_letters: int = 0
    batches: int = 0
    halted: dict[str, BaseException] = field(default_factory=dict[str, BaseException])


@dataclass(frozen=True)
class Hooks:
    """What the caller of a run may do on the way, each in the thread of the one that did it."""

    on_batch: Callable[[Summary, list[Fetched]], None] = lambda summary, fetched: None
    on_advance: Callable[[Advance], None] = lambda advance: None


class StreamRun:
    """One run over one lake. `with_families` False takes in the log alone, for measurements of it."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        hooks: Hooks | None = None,
        *,
        with_families: bool = True,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._hooks = hooks or Hooks()
        self._with_families = with_families
        self._progress = Progress()
        self._summary = Summary(halted=self._progress.halted)
        self._refreshed_ms = 0
        self._committed_ms = 0

    def run(self, should_stop: Callable[[], bool], *, drain: bool = False) -> Summary:
        """Wait for the lease, then work until `should_stop`, a successor waits, or (`drain`) the head is reached.

        Raises OffsetGap or OffsetRegression if broker and log disagree; all that was committed stands.
        """
        with ExitStack() as stack:
            leases = stack.enter_context(Leases(self._settings))
            con = stack.enter_context(open_lake(self._settings))
            registry = stack.enter_context(closing(Registry(self._settings.schema_registry_url)))
            graph, ingest = self._prepared(con, registry)
            if not leases.acquire(STREAM, should_stop):
                return self._summary
            source = stack.enter_context(Source.open(self._settings))
            with self._working(con, graph):
                self._follow(source, ingest, lambda: should_stop() or leases.wanted(STREAM), drain=drain)
        return self._summary

    def _prepared(self, con: Connection, registry: Registry) -> tuple[Graph, Ingest]:
        graph = live_graph(con)
        limits = Limits(self._settings.max_ahead_ms, self._settings.max_string_bytes)
        return graph, Ingest(cursor(con), graph, registry.schema, limits, self._clock)

    @contextmanager
    def _working(self, con: Connection, graph: Graph) -> Iterator[None]:
        """Families, outboxes and upkeep at work; at the end each finishes what the one before it has committed."""
        settings, progress, finish = self._settings, self._progress, threading.Event()
        registered = outboxes(settings)
        with ExitStack() as stack:
            consumers: list[threading.Thread] = [
                UpkeepWorker(cursor(con), graph, settings, registered, progress)
            ]
            publishers: list[threading.Thread] = []
            if self._with_families:
                for family in graph.families:
                    leases = stack.enter_context(Leases(settings))
                    consumers.append(
                        FamilyWorker(cursor(con), leases, graph, family, progress, self._hooks.on_advance)
                    )
                for outbox in registered:
                    publishers.append(
                        OutboxWorker(OutboxPublisher(settings, cursor(con), outbox), progress, finish)
                    )
            for worker in (*consumers, *publishers):
                worker.start()
            try:
                yield
            finally:
                progress.end()
                for worker in consumers:
                    worker.join()
                finish.set()
                for worker in publishers:
                    worker.join()

    def _follow(self, source: Source, ingest: Ingest, ended: Callable[[], bool], *, drain: bool) -> None:
        settings = self._settings
        watch = IdleWatch(settings.idle_timeout_ms, settings.max_ahead_ms)
        positions = ingest.load()
        self._progress.report(INGEST, positions.commit_number, positions.control_number)
        source.refresh(positions)
        ends = source.end_offsets() if drain else {}
        while not ended():
            try:
                self._step(source, ingest, watch)
            except LedgerConflict as error:
                log.warning("%s", error)
                source.refresh(ingest.load(), rewind=True)
            except ServiceError as error:
                log.warning("waiting: %s", error)
                self._clock.sleep(_OUTAGE_SECONDS)
            if drain and reached(source.next_offsets(ingest.positions), ends):
                break

    def _step(self, source: Source, ingest: Ingest, watch: IdleWatch) -> None:
        now_ms = self._clock.now_ms()
        control: list[ControlEntry] = []
        if now_ms - self._refreshed_ms >= _REFRESH_MS:
            self._register_partitions(source, ingest)
            control = self._idle_entries(source, ingest, watch, now_ms)
            self._refreshed_ms = now_ms
        fetched = source.fetch(self._settings.max_batch_records, _LOOK_SECONDS)
        if fetched is None:
            source.refresh(ingest.positions, rewind=True)
            return
        watch.moved([(part.topic_id, part.partition) for part in fetched], now_ms)
        if fetched or control:
            self._take(ingest, source, fetched, control)
            self._pace(fetched)

    def _take(
        self, ingest: Ingest, source: Source, fetched: list[Fetched], control: list[ControlEntry]
    ) -> None:
        prepared = ingest.take(fetched, control, source.cluster_id)
        self._committed_ms = self._clock.now_ms()
        self._summary.records += prepared.consumed
        self._summary.rows += prepared.staged_rows
        self._summary.dead_letters += prepared.dead_letters
        self._summary.batches += 1
        self._progress.report(INGEST, ingest.positions.commit_number, ingest.positions.control_number)
        self._hooks.on_batch(self._summary, fetched)

    def _pace(self, fetched: list[Fetched]) -> None:
        """Rest until the next commit is due, unless the last batch was full: then there is more to catch up."""
        if sum(len(part) for part in fetched) < self._settings.max_batch_records:
            rest_ms = self._committed_ms + self._settings.commit_interval_ms - self._clock.now_ms()
            if rest_ms > 0:
                self._clock.sleep(rest_ms / 1000)

    def _register_partitions(self, source: Source, ingest: Ingest) -> None:
        unknown = source.refresh(ingest.positions)
        if unknown:
            self._take(ingest, source, unknown, [])

    def _idle_entries(
        self, source: Source, ingest: Ingest, watch: IdleWatch, now_ms: int
    ) -> list[ControlEntry]:
        current = {topic.topic_id for topic in source.topics.values()}
        states = [state for state in ingest.positions.partitions.values() if state.topic_id in current]
        if not watch.any_silent(states, now_ms):
            return []
        return watch.entries(states, source.end_offsets(), now_ms)


def reached(next_offsets: dict[tuple[str, int], int], ends: dict[tuple[str, int], int]) -> bool:
    """Whether every position is at or beyond its end."""
    return all(next_offsets.get(key, 0) >= end for key, end in ends.items())
