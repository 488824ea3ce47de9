"""What is asked of the simulator, and the timeline that follows from it."""

from dataclasses import dataclass

import numpy as np

from proptech_pipelines.contracts.encoding import Ints
from proptech_pipelines.errors import SettingsError

UNPACED_EVENTS_PER_SECOND = 1000.0
"""How densely event time is filled where records are sent as fast as possible."""


@dataclass(frozen=True)
class Options:
    """How records are paced and how badly they behave. Shares are of all records and may be 0.

    Raises SettingsError for a share outside `[0, 0.5]`, a negative rate or a speed that is not above 0.
    """

    events_per_second: float = 0.0
    """Records per second, over all topics; 0 is as fast as possible."""
    out_of_order: float = 0.05
    """Records whose event time lies 1 s to 10 min back."""
    late: float = 0.01
    """Records whose event time lies 26 to 72 hours back: beyond a grace of 24 hours for any hourly window."""
    repeated: float = 0.01
    """Records that are sent a second time, within the next few hundred."""
    broken: float = 0.002
    """Records that break their contract, each beside the good one that it was made from."""
    start_ms: int | None = None
    """Event time of the first record; None means so that event time does not run ahead of the clock."""
    speed: float = 1.0
    """Event time passes so many times as fast as real time."""
    loop: bool = False
    """Begin the market rows again after the last; otherwise they are sent once."""

    def __post_init__(self) -> None:
        for name in ("out_of_order", "late", "repeated", "broken"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise SettingsError(f"The share {name} is {getattr(self, name)}.", "give 0 to 0.5.")
        if self.events_per_second < 0:
            raise SettingsError(
                "The rate is below 0.", "give events per second, or 0 for as fast as possible."
            )
        if self.speed <= 0:
            raise SettingsError("The speed is not above 0.", "give how many times real time, for example 60.")


@dataclass(frozen=True)
class Timeline:
    """When slot n (the nth record, from 0) is due, and what event time it bears. All in milliseconds.

    Sending is an open loop: slot n is due at `began_ms + n * pace_ms` whatever happened before, so a stall is
    caught up and nothing drifts. A pace of 0 means that every slot is due at once.
    """

    start_ms: int
    step_ms: float
    began_ms: int
    pace_ms: float
    capped: bool

    def event_ms(self, slots: Ints, now_ms: int) -> Ints:
        """`start + n * step`; if `capped`, never past the moment when the slot is due (unpaced: now)."""
        event = self.start_ms + np.floor(slots * self.step_ms).astype(np.int64)
        return np.minimum(event, self.due_ms(slots) if self.pace_ms else now_ms) if self.capped else event

    def due_ms(self, slots: Ints) -> Ints:
        """When each slot is to be sent; for a pace of 0, the beginning."""
        return self.began_ms + np.floor(slots * self.pace_ms).astype(np.int64)

    def due_slots(self, now_ms: int) -> int | None:
        """The number of slots due by now; None means all."""
        return int((now_ms - self.began_ms) / self.pace_ms) + 1 if self.pace_ms else None


def timeline(options: Options, count: int | None, began_ms: int) -> Timeline:
    """The timeline of `count` records (None: no end) that are sent from `began_ms` on.

    A start that is given and lies in the future is taken as meant: event time then runs ahead. Without one,
    event time begins so much before `began_ms` that it meets the clock at the last record. Raises
    SettingsError where a speed above 1 has neither a start nor a count to begin from.
    """
    pace_ms = 1000 / options.events_per_second if options.events_per_second else 0.0
    step_ms = (pace_ms or 1000 / UNPACED_EVENTS_PER_SECOND) * options.speed
    start_ms = options.start_ms
    if start_ms is None:
        if count is None and options.speed > 1:
            raise SettingsError(
                f"Event time at {options.speed:g} times real time would run ahead of the clock.",
                "give --start in the past, or --count.",
            )
        start_ms = began_ms - max(0, int((count or 0) * (step_ms - pace_ms)))
    return Timeline(start_ms, step_ms, began_ms, pace_ms, capped=start_ms <= began_ms)
