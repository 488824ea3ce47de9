"""When to ask for a run that carries a plan out. Pure, and every answer says why."""

from collections.abc import Sequence

from proptech_pipelines.defs.attempts import Attempts
from proptech_pipelines.defs.stream.planning import START_SECONDS, LiveRun
from proptech_pipelines.lake.plans import Plan


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
    if left := attempts.left_seconds:
        return f"Plan {name} is not carried out after {attempts.number} runs; the next one is due in {left:.0f} s."
    return None
