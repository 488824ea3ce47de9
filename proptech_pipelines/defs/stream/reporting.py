"""What a stream run tells Dagster: an event an asset every two minutes, and one for each day at its first change."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import dagster as dg

from proptech_pipelines.defs.keys import GRAPH
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.pipeline.advance import Advance
from proptech_pipelines.pipeline.follow import Summary

_EVERY_SECONDS = 120.0


class Reporter:
    """Collects what the threads of a run report and logs it as materializations, now and then.

    A hundred events take seconds, so a thread of their own logs them: the ingest waits for none.
    """

    def __init__(self, context: dg.OpExecutionContext, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._clock = clock
        self._lock = threading.Lock()
        self._logged_at = clock()
        self._logging = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._logged: Future[None] | None = None
        self._summary = Summary()
        self._topics: dict[str, int] = {}
        self._families: dict[str, list[Advance]] = {}
        self._shown: dict[str, set[date]] = {}
        """Days of each family that Dagster has: a day's partition is filled by its first event."""

    def on_batch(self, summary: Summary, fetched: list[Fetched]) -> None:
        """Note an ingest transaction, in the run's own thread; has all logged when the time is over.

        Raises what went wrong in logging before.
        """
        with self._lock:
            self._summary = summary
            for part in fetched:
                self._topics[part.topic] = self._topics.get(part.topic, 0) + len(part)
        if self._clock() - self._logged_at < _EVERY_SECONDS:
            return
        if self._logged is not None:
            if not self._logged.done():
                return
            self._logged.result()
        self._logged_at = self._clock()
        self._logged = self._logging.submit(self._flush)

    def on_advance(self, advance: Advance) -> None:
        """Note a family's transaction, in the family's thread."""
        with self._lock:
            self._families.setdefault(advance.family, []).append(advance)

    def close(self) -> None:
        """Log what is left. Raises what went wrong in logging."""
        self._logging.shutdown()
        if self._logged is not None:
            self._logged.result()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            topics, self._topics = self._topics, {}
            families, self._families = self._families, {}
            summary = self._summary
        staging = {model.topic: model.name for model in GRAPH.staging}
        metadata = {"records": summary.records, "rows": summary.rows, "dead_letters": summary.dead_letters}
        if topics:
            self._log("event_log", {**metadata, "micro_batches": summary.batches})
        for name, count in topics.items():
            if count:
                self._log(staging[name], {"records": count})
        for family, advances in families.items():
            self._log_family(family, advances)

    def _log_family(self, family: str, advances: list[Advance]) -> None:
        last = advances[-1]
        metadata = {
            "commit_number": last.commit_number,
            "input_commit": last.part.high,
            "rows_in": sum(item.counts.rows_in for item in advances),
            "applied": sum(item.counts.applied for item in advances),
            "late": sum(item.counts.late for item in advances),
        }
        models = [model for model in GRAPH.market if model.family == family]
        if not models:
            return  # of the lake alone, which keeps a family that was taken out of the installation
        if family not in self._shown:
            # Of earlier runs: history that comes again and again would be hundreds of events a run.
            filled = [
                self._context.instance.get_materialized_partitions(dg.AssetKey(model.name))
                for model in models
            ]
            self._shown[family] = {date.fromisoformat(day) for day in set.intersection(*filled)}
        days = sorted({day for item in advances for day in item.days})
        news = [day for day in days if day not in self._shown[family] or day == days[-1]]
        self._shown[family].update(news)
        for model in models:
            for day in news or [None]:
                self._log(model.name, metadata, day)

    def _log(self, name: str, metadata: dict[str, int], day: date | None = None) -> None:
        partition = None if day is None else day.isoformat()
        self._context.log_event(dg.AssetMaterialization(name, metadata=metadata, partition=partition))
