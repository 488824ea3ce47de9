"""What the threads of one stream run tell each other: how far everyone is, who failed, and when to stop."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_REMEMBERED = 1_024
"""Ingest transactions of which a run knows what they brought: who is further behind asks the lake."""


@dataclass(frozen=True)
class Cut:
    """A number that a writer has committed; `control_number` is the next one of the control log at that point."""

    number: int = 0
    control_number: int = 0


class Turn:
    """Who takes a small step that nobody waits for: one at a time, and between two a rest.

    Ten at once, whenever the ingest has committed, would hold up those that somebody waits for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rests_until = 0.0

    @contextmanager
    def hold(self, stop: threading.Event) -> Iterator[None]:
        """Wait for the turn and have it inside the block; from `stop` on nobody rests."""
        with self._lock:
            stop.wait(max(self._rests_until - time.monotonic(), 0.0))
            yield

    def rest(self, seconds: float) -> None:
        """Let the next one wait so long; for who has the turn."""
        self._rests_until = time.monotonic() + seconds


class Progress:
    """Committed numbers by writer, with waiting for them. Safe between threads.

    Whoever waits is woken by the writer waited for and by the end, not by everyone: a run has some 30 threads.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        """Set when no more is taken in: families end once they have taken what there is."""
        self.finish = threading.Event()
        """Set when all families have ended: an outbox that could not publish what there is gives up."""
        self.is_handed_over = False
        """Whether a successor takes in what is left: families that nobody waits for leave it to that."""
        self.turn = Turn()
        self.halted: dict[str, BaseException] = {}
        self._cuts: dict[str, Cut] = {}
        self._brought: deque[tuple[int, Mapping[str, int]]] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()
        self._moved: dict[str, threading.Condition] = {}
        self._ended: dict[str, threading.Event] = {}

    def brought(self, number: int, rows: Mapping[str, int]) -> None:
        """Note what ingest transaction `number` brought: staged rows by topic, 0 for an idle entry alone."""
        with self._lock:
            if self._brought and number != self._brought[-1][0] + 1:
                self._brought.clear()
            self._brought.append((number, rows))

    def rows_between(self, low: int, high: int) -> dict[str, int] | None:
        """Staged rows by topic of the ingest transactions (low, high]; None if not all of them are remembered."""
        with self._lock:
            if not self._brought or self._brought[0][0] > low + 1 or self._brought[-1][0] < high:
                return None
            found: Counter[str] = Counter()
            for number, rows in reversed(self._brought):
                if number <= low:
                    break
                if number <= high:
                    found.update(rows)
            return dict(found)

    def report(self, writer: str, number: int, control_number: int = 0) -> None:
        """Note that `writer` has committed `number`."""
        with self._lock:
            self._cuts[writer] = Cut(number, control_number)
            self._condition(writer).notify_all()

    def halt(self, writer: str, error: BaseException) -> None:
        """Note that `writer` gives up with `error`; the others go on."""
        with self._lock:
            self.halted[writer] = error

    def cut(self, writer: str) -> Cut:
        """The last number of `writer`."""
        with self._lock:
            return self._cuts.get(writer, Cut())

    def wait_beyond(self, writer: str, number: int, seconds: float, end: threading.Event) -> Cut:
        """Wait until `writer` is beyond `number`, `end` is set, or `seconds` passed; its last cut.

        `end` is `stop` or that of a writer.
        """
        with self._lock:
            self._condition(writer).wait_for(
                lambda: end.is_set() or self._cuts.get(writer, Cut()).number > number, seconds
            )
            return self._cuts.get(writer, Cut())

    def end_of(self, writer: str) -> threading.Event:
        """Set when `writer` commits no more: its outboxes end once they have published what there is."""
        with self._lock:
            return self._ended.setdefault(writer, threading.Event())

    def end(self, end: threading.Event) -> None:
        """Set `end` (`stop` or that of a writer), and wake who waits."""
        end.set()
        with self._lock:
            for condition in self._moved.values():
                condition.notify_all()

    def _condition(self, writer: str) -> threading.Condition:
        return self._moved.setdefault(writer, threading.Condition(self._lock))
