"""When the plan sensor asks for a run."""

from dataclasses import replace

import pytest

from proptech_pipelines.defs.plans.planning import why_not
from proptech_pipelines.defs.stream.planning import START_SECONDS, LiveRun
from proptech_pipelines.lake.plans import Plan

PLAN = Plan("0123456789abcdef", "additive", "proposed", (), [], {}, 0, 0, 0.0)
DEAD, STARTING = LiveRun("fedcba9876543210", START_SECONDS + 1), LiveRun("89abcdef01234567", 3.0)


@pytest.mark.parametrize("state", ["proposed", "approved", "building"])
@pytest.mark.parametrize("runs", [[], [DEAD]])
def test_a_run_is_asked_for(state, runs):
    assert why_not(replace(PLAN, state=state), runs) is None


@pytest.mark.parametrize(
    ("plan", "runs", "words"),
    [
        (
            replace(PLAN, level="breaking"),
            [],
            "Plan 01234567 is breaking and proposed: `proptech plan approve",
        ),
        (replace(PLAN, state="failed"), [], "is additive and failed"),
        (PLAN, [DEAD, STARTING], "Run 89abcdef starts, 3 s old"),
    ],
)
def test_no_run_is_asked_for_and_why(plan, runs, words):
    assert words in (why_not(plan, runs) or "")
