"""Fetches the next micro-batch while the last one is written: while catching up, neither waits for the other."""

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.pipeline.source import Source

Batch = list[Fetched] | None
"""As `Source.fetch` gives it."""


class Prefetch:
    """Batches of a source, one fetched ahead after each full one. The source is used by one thread at a time."""

    def __init__(self, source: Source, max_records: int, wait_seconds: float) -> None:
        self._source = source
        self._max_records = max_records
        self._wait_seconds = wait_seconds
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="fetch")
        self._ahead: Future[Batch] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()
        self._pool.shutdown()

    @property
    def is_pending(self) -> bool:
        """Whether a batch is being fetched ahead; the source must be left alone then."""
        return self._ahead is not None

    def next(self, *, may_run_ahead: bool) -> Batch:
        """The next batch. If it is full and `may_run_ahead`, the one after it is fetched meanwhile."""
        pending, self._ahead = self._ahead, None
        batch = pending.result() if pending else self._fetch()
        if may_run_ahead and batch is not None and self.is_full(batch):
            self._ahead = self._pool.submit(self._fetch)
        return batch

    def is_full(self, batch: list[Fetched]) -> bool:
        """Whether `batch` holds as much as one may: then there is more to catch up."""
        return sum(len(part) for part in batch) >= self._max_records

    def drop(self) -> None:
        """Forget what was fetched ahead, whatever came of it. The source stands behind it then: rewind it."""
        pending, self._ahead = self._ahead, None
        if pending is not None:
            pending.exception()

    def _fetch(self) -> Batch:
        return self._source.fetch(self._max_records, self._wait_seconds)
