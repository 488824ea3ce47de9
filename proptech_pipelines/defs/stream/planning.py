"""When to ask for a stream run. Pure, and every answer says in numbers why."""

from collections.abc import Sequence
from dataclasses import dataclass

from proptech_pipelines.defs.attempts import Attempts
from proptech_pipelines.pipeline.lag import Lag

LEAD_SECONDS = 20.0
"""A successor is asked for so long before a run's time is up: a run takes 4 to 8 s to start, a tick up to 5 s."""
START_SECONDS = 60.0
"""A run that has not taken the lease after so long is taken for dead."""
_LONGEST_PAUSE_SECONDS = 600.0


@dataclass(frozen=True)
class LiveRun:
    """A run that Dagster takes for unfinished, and how long ago it began."""

    run_id: str
    age_seconds: float


@dataclass(frozen=True)
class Failures:
    """Runs that ended with an error, one after the other up to the last one: how many, its age, and its error."""

    number: int = 0
    last_seconds: float = 0.0
    error: str = ""

    @property
    def left_seconds(self) -> float:
        """How long until the next run: a first error may be over, one that lasts would make thousands of runs a day."""
        return Attempts(self.number - 1, self.last_seconds, _LONGEST_PAUSE_SECONDS).left_seconds


@dataclass(frozen=True)
class Start:
    """Ask for a run, and why."""

    reason: str


NO_FAILURES = Failures()


def decide(
    runs: Sequence[LiveRun], lag: Lag, follow_seconds: float, failures: Failures = NO_FAILURES
) -> Start | str:
    """Start a run, or the reason for not doing so."""
    waiting = f"{lag.records} records wait in {len(lag.partitions)} partitions"
    if not lag.partitions:
        return "No input topic exists yet."
    if runs:
        return _decide_beside(min(runs, key=lambda run: run.age_seconds), lag, follow_seconds, waiting)
    if left := failures.left_seconds:
        return (
            f"{waiting}; {failures.number} runs failed, the last one of: {failures.error} The next one is due in "
            f"{left:.0f} s; to have it at once, launch the job `stream` when that is mended."
        )
    if lag.records or lag.is_streaming:
        return Start(f"{waiting}, no run is at work")
    return f"{waiting}: every position is at the end of its partition."


def _decide_beside(youngest: LiveRun, lag: Lag, follow_seconds: float, waiting: str) -> Start | str:
    name = youngest.run_id[:8]
    if not lag.is_streaming and youngest.age_seconds > START_SECONDS:
        return Start(f"run {name} is {youngest.age_seconds:.0f} s old, yet no run holds the lease: it died")
    if youngest.age_seconds < follow_seconds - LEAD_SECONDS:
        return (
            f"Run {name} follows for {youngest.age_seconds:.0f} of {follow_seconds:.0f} s; {waiting}; "
            f"its successor is asked for {LEAD_SECONDS:.0f} s before its time is up."
        )
    return Start(f"run {name} is {youngest.age_seconds:.0f} s old and ends soon; {waiting}")
