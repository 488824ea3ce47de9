"""The wall clock, passed in wherever it is needed.

Only three things read it: pacing, ages shown to people, and the decision to write a `partition_idle`
entry. No row of any table depends on it.
"""

import time
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since 1970 UTC, and a way to wait."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        ...


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        time.sleep(seconds)


@dataclass
class ManualClock:
    """A clock that tests move by hand; `sleep` moves it."""

    current_ms: int = 0
    slept_seconds: list[float] = field(default_factory=list[float])

    def now_ms(self) -> int:
        """The moment last set."""
        return self.current_ms

    def sleep(self, seconds: float) -> None:
        """Move the clock on by `seconds`."""
        self.slept_seconds.append(seconds)
        self.current_ms += int(seconds * 1000)
