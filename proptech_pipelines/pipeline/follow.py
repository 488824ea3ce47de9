"""The loop of the ingest: fetch, commit, rest; again from the log's positions after anything that went wrong."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from proptech_pipelines.clock import Clock
from proptech_pipelines.errors import LedgerConflict, OffsetGap, OffsetRegression, ServiceError
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.lease import INGEST_LEASE, Leases
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.lake.positions import Partition
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.idle import IdleWatch, entry_on_joining
from proptech_pipelines.pipeline.ingest import Ingest
from proptech_pipelines.pipeline.patience import HeldBack
from proptech_pipelines.pipeline.prefetch import Prefetch
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.pipeline.source import Source
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)
_REFRESH_MS = 5_000
_LOOK_SECONDS = 0.25
_OUTAGE_SECONDS = 1.0
_FIRST_REST_MS = 2_000
_MOST_RESTS = 5
"""So many intervals are the longest rest after a micro-batch that took long."""


@dataclass
class Summary:
    """What a run did. `halted` are the consumers that gave up, with their errors."""

    records: int = 0
    rows: int = 0
    dead_letters: int = 0
    batches: int = 0
    halted: dict[str, BaseException] = field(default_factory=dict[str, BaseException])


OnBatch = Callable[[Summary, list[Fetched]], None]


class Follower:
    """Takes what a source brings into the log. The source may only run ahead of the log inside one step."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        source: Source,
        ingest: Ingest,
        leases: Leases,
        progress: Progress,
        summary: Summary,
        on_batch: OnBatch,
        patient: Callable[[Graph], frozenset[str]],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._source = source
        self._ingest = ingest
        self._leases = leases
        self._progress = progress
        self._summary = summary
        self._on_batch = on_batch
        self._patient = patient
        self._held = HeldBack(())
        self._watch = IdleWatch(settings.idle_timeout_ms, settings.max_ahead_ms)
        self._refreshed_ms = 0
        self._taken_ms = 0
        self._took_ms = 0

    def follow(self, ended: Callable[[], bool], *, drain: bool) -> None:
        """Work until `ended` or, to `drain`, until what the topics hold now is taken in.

        An outage of the broker is waited for. Raises OffsetGap or OffsetRegression if broker and log disagree.
        """
        # A hand-over's first transaction is for what somebody waits for.
        self._load(self._clock.now_ms() + _FIRST_REST_MS)
        self._report()
        ends: dict[Partition, int] | None = None
        astray = True  # the topics have not been looked at yet, and the broker may be away
        rests = False
        is_first = True
        with Prefetch(self._source, self._settings.max_batch_records, _LOOK_SECONDS) as prefetch:
            while not ended():
                try:
                    # After the look at who waits: to rest first would add to the gap of a hand-over.
                    if rests and self._summary.batches:
                        self._rest(drain=drain)
                    rests = False
                    if astray:
                        # What was fetched is not in the log: read on from where the log ends.
                        prefetch.drop()
                        self._held.let_go()
                        self._register_partitions(rewind=True)
                        if is_first:
                            self._refreshed_ms = self._clock.now_ms()
                        if drain and ends is None:
                            ends = self._source.ends()
                        astray = False
                    rests = self._step(prefetch, drain=drain)
                    if is_first:
                        self._redrive_left_overs()
                        is_first = False
                    if ends is not None and self._source.has_reached(self._ingest.positions, ends):
                        prefetch.drop()
                        self._take_idle(self._clock.now_ms())
                        break
                except LedgerConflict as error:
                    log.warning("%s", error)
                    self._load()
                    self._report()
                    astray = True
                except (OffsetGap, OffsetRegression):
                    self._take_held()
                    raise
                except ServiceError as error:
                    log.warning("waiting: %s", error)
                    self._clock.sleep(_OUTAGE_SECONDS)
                    astray = True

    def _step(self, prefetch: Prefetch, *, drain: bool) -> bool:
        """Take in what the next look brings; whether there is time to rest then."""
        now_ms = self._clock.now_ms()
        control: list[ControlEntry] = []
        is_due = now_ms - self._refreshed_ms >= _REFRESH_MS
        if is_due and not prefetch.is_pending:
            # A redrive moves the head, too: families take its rows in although no record comes.
            if self._ingest.is_overtaken():
                raise LedgerConflict(
                    "Another writer moved the ingest's head.", "read on from the log's positions."
                )
            self._register_partitions()
            control = self._idle_entries(now_ms)
            self._refreshed_ms, is_due = now_ms, False
        fetched = prefetch.next(may_run_ahead=not is_due)
        if fetched is None:
            self._take_held()
            raise LedgerConflict(
                "A topic was made again while it was read.", "read on from the log's positions."
            )
        is_full = prefetch.is_full(fetched)
        parts = self._held.sift(fetched, now_ms, everything=drain or is_full)
        # What came meanwhile is behind them: a partition that brings records is not idle.
        control = [entry for entry in control if not self._held.holds(entry.topic, entry.partition or 0)]
        if parts or control:
            self._take(parts, control)
            self._held.took(parts, self._taken_ms, self._clock.now_ms())
        elif fetched:
            # Held back; the next look has as much time as after a transaction.
            self._taken_ms, self._took_ms = now_ms, 0
        return bool(fetched or control) and not is_full

    def _redrive_left_overs(self) -> None:
        """Redrive letters whose copies a run took in that was killed then.

        After the first micro-batch: before, it would add to the gap of a hand-over.
        """
        with self._leases.hold(INGEST_LEASE):
            self._ingest.redrive_copies()
        self._report()

    def _take_held(self) -> None:
        """Take in what is held back, which may be nowhere else any more."""
        if self._held:
            self._take(self._held.let_go(), [])

    def _take_idle(self, now_ms: int) -> None:
        """Let silent partitions hold back nothing of what was drained."""
        self._watch.rest_no_longer()
        control = self._idle_entries(now_ms)
        if control:
            self._take([], control)

    def _take(self, fetched: list[Fetched], control: list[ControlEntry]) -> None:
        self._taken_ms = self._clock.now_ms()
        low = self._ingest.positions.commit_number
        with self._leases.hold(INGEST_LEASE):
            begun = time.monotonic()
            prepared = self._ingest.take(fetched, control, self._source.cluster_id)
            self._progress.brought(self._ingest.positions.commit_number, prepared.staged_by_topic)
            if prepared.copies:
                self._ingest.redrive_copies(low)
            self._took_ms = int((time.monotonic() - begun) * 1000)
        # Records that were no rows bring no stream time, so that a partition with these alone holds up the others.
        staged = [item.state for item in prepared.ranges if item.staged]
        self._watch.moved([(state.topic_id, state.partition) for state in staged], self._clock.now_ms())
        self._summary.records += prepared.consumed
        self._summary.rows += prepared.staged_rows
        self._summary.dead_letters += prepared.dead_letters
        self._summary.batches += 1
        self._report()
        self._on_batch(self._summary, fetched)

    def _load(self, due_ms: int = 0) -> None:
        """Begin from the lake's positions; a swap of models moves them, so who is patient may have changed."""
        self._ingest.load()
        self._held = HeldBack(self._patient(self._ingest.graph), due_ms)

    def _report(self) -> None:
        positions = self._ingest.positions
        self._progress.report(INGEST, positions.commit_number, positions.control_number)

    def _rest(self, *, drain: bool) -> None:
        """Wait until the next micro-batch is due.

        It rests as long as the last one took at least: where CPU is short, larger ones leave more to those who wait
        for them.
        """
        rest_ms = self._taken_ms + self._settings.commit_interval_ms - self._clock.now_ms()
        if not drain:
            rest_ms = max(rest_ms, min(self._took_ms, _MOST_RESTS * self._settings.commit_interval_ms))
        if rest_ms > 0:
            self._clock.sleep(rest_ms / 1000)

    def _register_partitions(self, *, rewind: bool = False) -> None:
        """Put partitions that are read from now on on record, before their records come."""
        former = self._source.topics
        try:
            unknown = self._source.refresh(self._ingest.positions, rewind=rewind)
        except ServiceError:
            self._take_held()
            raise
        if self._held and self._source.topics != former:
            # A topic that was made again has them no more. The source begins anew, behind them.
            self._take_held()
            unknown = self._source.refresh(self._ingest.positions, rewind=True)
        known = self._ingest.positions.partitions.values()
        joining = [(part, entry_on_joining(part, known)) for part in unknown]
        if unknown:
            self._take(
                [part for part, entry in joining if entry is None],
                [entry for _, entry in joining if entry is not None],
            )

    def _idle_entries(self, now_ms: int) -> list[ControlEntry]:
        current = {topic.topic_id for topic in self._source.topics.values()}
        states = [state for state in self._ingest.positions.partitions.values() if state.topic_id in current]
        if not self._watch.any_silent(states, now_ms):
            return []
        graph = self._ingest.graph
        read_together = {graph.topics_of(family) for family in graph.families}
        return self._watch.entries(states, self._source.end_offsets(), now_ms, read_together)
