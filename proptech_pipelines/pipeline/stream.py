"""One stream run: drains the log, then follows it in micro-batches until told to stop.

The ingest works in the calling thread; families, outboxes and upkeep in threads of their own, each with its own
transactions. Ending at any instant loses nothing: what is not committed is fetched again by the next run.
"""

import gc
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from proptech_pipelines.clock import Clock, SystemClock
from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.lake.connection import Connection, cursor
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import STREAM, Leases
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.advance import Advance
from proptech_pipelines.pipeline.follow import Follower, OnBatch, Summary
from proptech_pipelines.pipeline.ingest import Ingest
from proptech_pipelines.pipeline.patience import patient_topics
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.pipeline.source import Source
from proptech_pipelines.pipeline.upkeep import UpkeepWorker
from proptech_pipelines.pipeline.workers import FamilyWorker, OutboxWorker
from proptech_pipelines.publishing.outbox import Outbox, OutboxPublisher
from proptech_pipelines.publishing.registered import outboxes
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)
_SWITCH_SECONDS = 0.0005
"""A tenth of Python's default. DuckDB asks for the interpreter's lock between its tasks, so a thread that runs Python,
serializing messages say, would hold up every other one's queries by that."""
_ALLOCATIONS = 100_000
"""Python looks for cycles whenever so many more objects were made than let go, instead of 700: a chunk of messages is
ten thousand, without a cycle among them, and the looks took a quarter of an ingest's time."""
_FIRST_REST_SECONDS = 5.0
"""Upkeep and the families that nobody waits for begin so long after a run took over: first steps cost most, and come
all at once."""
_LOOKS, _LOOK_SECONDS = 20, 0.05
"""Whoever waits for a lease has it at once when it is free."""


@dataclass(frozen=True)
class Hooks:
    """What the caller of a run may do on the way, each in the thread of the one that did it."""

    on_batch: OnBatch = lambda summary, fetched: None
    on_advance: Callable[[Advance], None] = lambda advance: None


@dataclass(frozen=True)
class _Crew:
    """The threads beside the ingest: those that read what it commits, and those that publish what these commit."""

    consumers: list[threading.Thread]
    publishers: list[threading.Thread]
    registered: Sequence[Outbox]


class StreamRun:
    """One run over one lake. `families` names those that work, for measurements of some or of the log alone."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        hooks: Hooks | None = None,
        *,
        families: Collection[str] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._hooks = hooks or Hooks()
        self._families = families
        self._progress = Progress()
        self._summary = Summary(halted=self._progress.halted)

    def run(self, should_stop: Callable[[], bool], *, drain: bool = False) -> Summary:
        """Wait for the lease, then work until `should_stop`, a successor waits, or (`drain`) the head is reached.

        Raises OffsetGap or OffsetRegression if broker and log disagree; all that was committed stands.
        """
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.set_threshold(_ALLOCATIONS)
        with ExitStack() as stack:
            leases = stack.enter_context(Leases(self._settings))
            con = stack.enter_context(open_lake(self._settings))
            registry = stack.enter_context(closing(Registry(self._settings.schema_registry_url)))
            graph, ingest = self._prepared(con, registry)
            # Made and connected before its turn comes, so that a hand-over takes no longer than reading the positions.
            first_rest = 0.0 if drain else _FIRST_REST_SECONDS
            crew = self._crew(con, graph, stack, first_rest)
            source = stack.enter_context(Source.open(self._settings))
            if not leases.acquire(STREAM, should_stop):
                return self._summary
            self._progress.turn.rest(first_rest)
            with self._working(crew):
                follower = Follower(
                    self._settings,
                    self._clock,
                    source,
                    ingest,
                    leases,
                    self._progress,
                    self._summary,
                    self._hooks.on_batch,
                    patient_topics if self._families is None else lambda graph: frozenset(),
                )
                follower.follow(lambda: should_stop() or leases.wanted(STREAM), drain=drain)
                is_wanted = not drain and leases.wanted(STREAM)
                # The successor reads on while what is committed here still goes through families and outboxes.
                leases.release(STREAM)
                if is_wanted:
                    self._progress.is_handed_over = self._is_taken_over(leases)
        return self._summary

    def _is_taken_over(self, leases: Leases) -> bool:
        """Whether who waited for the lease has it now, and did not give up meanwhile."""
        for _ in range(_LOOKS):
            if leases.is_held(STREAM):
                return True
            self._clock.sleep(_LOOK_SECONDS)
        return False

    def _prepared(self, con: Connection, registry: Registry) -> tuple[Graph, Ingest]:
        graph = live_graph(con)
        limits = Limits.of(self._settings)
        ingest = Ingest(cursor(con), registry.schema, limits, self._clock)
        # A hand-over waits for nothing that can be had before it: the catalog, and pandas, which pyarrow's first array
        # asks for.
        ingest.load()
        importlib.import_module("pandas")
        return graph, ingest

    def _crew(self, con: Connection, graph: Graph, stack: ExitStack, first_rest: float) -> _Crew:
        """Families, outboxes and upkeep, each with connections of its own."""
        settings, progress = self._settings, self._progress
        registered = [item for item in outboxes(settings) if self._takes_part(item.writer)]
        upkeep = UpkeepWorker(cursor(con), graph, settings, registered, progress, first_rest)
        crew = _Crew([upkeep], [], registered)
        for family in filter(self._takes_part, graph.families):
            leases = stack.enter_context(Leases(settings))
            crew.consumers.append(
                FamilyWorker(cursor(con), leases, graph, family, progress, self._hooks.on_advance)
            )
        for outbox in registered:
            leases = stack.enter_context(Leases(settings))
            publisher = OutboxPublisher(settings, cursor(con), outbox)
            crew.publishers.append(OutboxWorker(publisher, leases, progress))
        return crew

    def _takes_part(self, writer: str) -> bool:
        return self._families is None or writer in self._families

    @contextmanager
    def _working(self, crew: _Crew) -> Iterator[None]:
        """The crew at work; at the end each finishes what the one before it has committed."""
        progress = self._progress
        for worker in (*crew.consumers, *crew.publishers):
            worker.start()
        try:
            yield
        finally:
            progress.end(progress.stop)
            progress.end(progress.end_of(INGEST))
            for worker in crew.consumers:
                worker.join()
            progress.finish.set()
            for outbox in crew.registered:  # also one whose writer is none of the lake's families
                progress.end(progress.end_of(outbox.writer))
            for worker in crew.publishers:
                worker.join()
