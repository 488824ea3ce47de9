"""When the plan sensor asks for a run."""

from dataclasses import replace

import pytest

from proptech_pipelines.defs.attempts import Attempts
from proptech_pipelines.defs.plans.planning import why_not
from proptech_pipelines.defs.stream.planning import START_SECONDS, LiveRun
from proptech_pipelines.lake.plans import Plan

PLAN = Plan("0123456789abcdef", "additive", "proposed", (), [], {}, 0, 0, 0.0)
DEAD, STARTING = LiveRun("fedcba9876543210", START_SECONDS + 1), LiveRun("89abcdef01234567", 3.0)


@pytest.mark.parametrize("state", ["proposed", "approved", "building"])
@pytest.mark.parametrize("runs", [[], [DEAD]])
@pytest.mark.parametrize(
    "attempts",
    [
        Attempts(),
        Attempts(1, 61),
        Attempts(2, 121),
        Attempts(4, 481),
        Attempts(99, 3601),
        Attempts(5000, 3601),
    ],
)
def test_a_run_is_asked_for(state, runs, attempts):
    assert why_not(replace(PLAN, state=state), runs, attempts) is None


@pytest.mark.parametrize(
    ("plan", "runs", "attempts", "words"),
    [
        (
            replace(PLAN, level="breaking"),
            [],
            Attempts(),
            "Plan 01234567 is breaking and proposed: `proptech plan approve",
        ),
        (replace(PLAN, state="failed"), [], Attempts(), "is additive and failed"),
        (PLAN, [DEAD, STARTING], Attempts(2, 3000), "Run 89abcdef starts, 3 s old"),
        (PLAN, [], Attempts(1, 59), "not carried out after 1 runs; the next one is due in 1 s"),
        (PLAN, [DEAD], Attempts(3, 200), "after 3 runs; the next one is due in 40 s"),
        (PLAN, [], Attempts(99, 0), "due in 3600 s"),
    ],
)
def test_no_run_is_asked_for_and_why(plan, runs, attempts, words):
    assert words in (why_not(plan, runs, attempts) or "")
