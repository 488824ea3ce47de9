"""When to ask for a run that carries a plan out. Pure, and every answer says why."""

from collections.abc import Sequence
from dataclasses import dataclass

from proptech_pipelines.defs.stream.planning import START_SECONDS, LiveRun
from proptech_pipelines.lake.plans import Plan

_LONGEST_SECONDS = 3600.0
_MOST_DOUBLINGS = 6
"""After so many the pause is longer than the longest; a power of thousands would be no float."""


@dataclass(frozen=True)
class Attempts:
    """Runs that were asked for to carry one plan out: how many, and how long ago the last one."""

    number: int = 0
    last_seconds: float = 0.0

    @property
    def pause_seconds(self) -> float:
        """How long after the last one the next may begin, twice as long each time: a run may die of the plan itself."""
        if not self.number:
            return 0.0
        return min(START_SECONDS * 2 ** min(self.number - 1, _MOST_DOUBLINGS), _LONGEST_SECONDS)


def why_not(plan: Plan, runs: Sequence[LiveRun], attempts: Attempts) -> str | None:
    """Why no run is asked for while nobody carries a plan out; None if one is.

    `runs` are unfinished runs of the job. One that is older than 60 s would be at work: it died.
    """
    name = plan.plan_id[:8]
    if not plan.may_run:
        return f"Plan {name} is {plan.level} and {plan.state}: `proptech plan approve {name}`."
    starting = [run for run in runs if run.age_seconds <= START_SECONDS]
    if starting:
        return (
            f"Run {starting[0].run_id[:8]} starts, {starting[0].age_seconds:.0f} s old, to carry a plan out."
        )
    left = attempts.pause_seconds - attempts.last_seconds
    if left > 0:
        return f"Plan {name} is not carried out after {attempts.number} runs; the next one is due in {left:.0f} s."
    return None
