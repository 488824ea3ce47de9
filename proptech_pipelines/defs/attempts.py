"""How long to wait before a run that keeps failing is asked for once more. Pure."""

from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 60.0
_MOST_DOUBLINGS = 6
"""After so many the pause is longer than the longest; a power of thousands would be no float."""


@dataclass(frozen=True)
class Attempts:
    """Runs that came to nothing, one after the other: how many, and how long ago the last one."""

    number: int = 0
    last_seconds: float = 0.0
    longest_seconds: float = 3600.0

    @property
    def left_seconds(self) -> float:
        """How long until the next one may begin; twice as long each time, for a run may die of the same each time."""
        if self.number <= 0:
            return 0.0
        pause = FIRST_PAUSE_SECONDS * 2 ** min(self.number - 1, _MOST_DOUBLINGS)
        return max(min(pause, self.longest_seconds) - self.last_seconds, 0.0)
