"""The threads beside the ingest: one for each family, one for each outbox."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.errors import FamilyHalted, LedgerConflict, RegistryUnavailable, ServiceError
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases, family_lease, outbox_lease
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import (
    Advance,
    FamilyPosition,
    advance_family,
    control_number_at,
    family_position,
)
from proptech_pipelines.pipeline.log_slices import max_slice_rows, next_slice
from proptech_pipelines.pipeline.patience import RESTS
from proptech_pipelines.pipeline.priority import stand_back
from proptech_pipelines.pipeline.progress import Cut, Progress
from proptech_pipelines.publishing.outbox import OutboxPublisher

log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_LEASE_SECONDS = 2.0
_SMALL_ROWS = 50_000
"""Larger steps of families are taken side by side: they use several cores, and catching up has nobody to hold up."""
OnAdvance = Callable[[Advance], None]


class FamilyWorker(threading.Thread):
    """Advances one family as the ingest commits. Fails alone: tried again once, then halted with its error."""

    def __init__(
        self,
        con: Connection,
        leases: Leases,
        graph: Graph,
        family: str,
        progress: Progress,
        on_advance: OnAdvance,
    ) -> None:
        super().__init__(name=f"family {family}", daemon=True)
        self._con = con
        self._leases = leases
        self._graph = graph
        self._family = family
        self._progress = progress
        self._on_advance = on_advance
        self._position: FamilyPosition | None = None
        self._memory = Memory()
        self._seen = 0
        self._rests_until = 0.0

    def run(self) -> None:
        """Work until told to stop; what the ingest has committed by then is taken in first, if somebody waits for it or
        no successor is there to do it."""
        try:
            self._advance()
        finally:
            self._progress.end(self._progress.end_of(self._family))

    def _advance(self) -> None:
        if self._graph.every_seconds(self._family):
            stand_back()
        failures = 0
        while True:
            try:
                if not self._step():
                    return
                failures = 0
            except LedgerConflict:
                self._position = None
            except Exception as error:
                self._position = None
                failures += 1
                log.exception("family %s failed (%d of 2)", self._family, failures)
                if failures == 2:
                    halted = FamilyHalted(
                        f"Family {self._family} failed twice and is halted: {error}",
                        "mend its models or input; the next stream run lets it catch up.",
                        family=self._family,
                    )
                    halted.__cause__ = error
                    self._progress.halt(self._family, halted)
                    return
                self._progress.stop.wait(_LOOK_SECONDS)

    def _step(self) -> bool:
        if self._is_left_to_successor:
            return False
        position = self._position
        if position is None:
            # Only here: reading it scans the ledger, which grows with every transaction.
            # The models as well: they were swapped, perhaps, and that is why the head had moved.
            with self._progress.turn.hold(self._progress.stop) if self._takes_turns else nullcontext():
                self._graph = live_graph(self._con)
                position = self._position = family_position(self._con, self._family)
            self._progress.report(self._family, position.commit_number)
        seen = max(position.input_commit, self._seen)
        cut = self._progress.wait_beyond(INGEST, seen, _LOOK_SECONDS, self._progress.stop)
        if cut.number <= seen:
            return not self._progress.stop.is_set()
        if (rest := self._rests_until - time.monotonic()) > 0:
            self._progress.stop.wait(rest)
            cut = self._progress.cut(INGEST)
        part = self._next_slice(Slice(seen, cut.number))
        if part is None:
            self._seen = cut.number
            return True
        if not self._takes_turns or part.rows > _SMALL_ROWS:
            self._take(position, part, cut)
            return True
        with self._progress.turn.hold(self._progress.stop):
            if self._is_left_to_successor:
                return False
            cut = self._progress.cut(INGEST)  # more has come, perhaps, while others had their turn
            part = self._next_slice(Slice(seen, cut.number)) or part
            self._progress.turn.rest(self._take(position, part, cut))
        return True

    def _take(self, position: FamilyPosition, part: Slice, cut: Cut) -> float:
        """Take in `part`; how many seconds it took, 0 if the lease is held elsewhere: it is asked for again later."""
        lease, give_up_at = family_lease(self._family), time.monotonic() + _LEASE_SECONDS
        if not self._leases.acquire(lease, lambda: time.monotonic() > give_up_at):
            return 0.0
        begun = time.monotonic()
        try:
            control = (
                cut.control_number if part.high == cut.number else control_number_at(self._con, part.high)
            )
            done = advance_family(self._con, self._graph, self._family, position, part, control, self._memory)
        finally:
            self._leases.release(lease)
        took = time.monotonic() - begun
        if part.high == cut.number and (every_seconds := self._graph.every_seconds(self._family)):
            self._rests_until = begun + max(every_seconds, (1 + RESTS) * took)
        self._position = FamilyPosition(done.commit_number, part.high)
        self._progress.report(self._family, done.commit_number)
        self._on_advance(done)
        return took

    @property
    def _takes_turns(self) -> bool:
        return self._graph.every_seconds(self._family) > 0

    @property
    def _is_left_to_successor(self) -> bool:
        return self._takes_turns and self._progress.is_handed_over

    def _next_slice(self, part: Slice) -> Slice | None:
        """As `next_slice`, without a look into the lake where this run took in all of `part` itself."""
        brought = self._progress.rows_between(part.low, part.high)
        if brought is not None:
            topics = self._graph.topics_of(self._family) & set(brought)
            rows = sum(brought[topic] for topic in topics)
            if not topics:
                return None
            if rows <= max_slice_rows(self._graph, self._family):
                return replace(part, rows=rows)
        return next_slice(self._con, self._graph, self._family, part)


class OutboxWorker(threading.Thread):
    """Publishes one outbox as its writer commits, until that one ends; waits while broker or registry is away."""

    def __init__(self, publisher: OutboxPublisher, leases: Leases, progress: Progress) -> None:
        super().__init__(name=f"outbox {publisher.outbox.name}", daemon=True)
        self._publisher = publisher
        self._leases = leases
        self._progress = progress

    def run(self) -> None:
        """Work until the writer has ended; what it has committed by then goes out first.

        A run that is ending still publishes what it committed: its successor waits for that.
        """
        lease = outbox_lease(self._publisher.outbox.name)
        if not self._leases.acquire(lease, self._progress.finish.is_set):
            return
        try:
            self._publish(self._progress.end_of(self._publisher.outbox.writer))
        finally:
            self._publisher.close()
            self._leases.release(lease)

    def _publish(self, ended: threading.Event) -> None:
        writer, number, finish = self._publisher.outbox.writer, 0, self._progress.finish
        while True:
            finishing, last_attempt = ended.is_set(), finish.is_set()
            number = self._progress.wait_beyond(writer, number, _LOOK_SECONDS, ended).number
            try:
                self._publisher.advance(number)
                self._progress.report(self._publisher.outbox.name, number)
            except (ServiceError, RegistryUnavailable, LedgerConflict) as error:
                log.warning("%s", error)
                if last_attempt:
                    break
                number = 0
                finish.wait(_LOOK_SECONDS)
                continue
            except Exception as error:
                log.exception("outbox %s halts", self._publisher.outbox.name)
                self._progress.halt(self._publisher.outbox.name, error)
                break
            if finishing:
                break
