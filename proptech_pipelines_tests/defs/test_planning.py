"""When the sensor asks for a run: a table of what is at work and what waits."""

import pytest

from proptech_pipelines.defs.stream.planning import (
    LEAD_SECONDS,
    START_SECONDS,
    Failures,
    LiveRun,
    Start,
    decide,
)
from proptech_pipelines.pipeline.lag import Lag, PartitionLag

FOLLOW = 600.0
SOON = FOLLOW - LEAD_SECONDS
RUN, OLDER = LiveRun("0123456789abcdef", 100.0), LiveRun("fedcba9876543210", 590.0)


def lag(waiting=0, *, streaming=False, partitions=2):
    """So many records wait in the first of the partitions."""
    found = [PartitionLag("market-data", number, 0, 0) for number in range(partitions)]
    if waiting:
        found[0] = PartitionLag("market-data", 0, 10, 10 + waiting)
    return Lag(tuple(found), streaming)


def aged(seconds):
    return LiveRun(RUN.run_id, seconds)


@pytest.mark.parametrize(
    ("runs", "waiting", "words"),
    [
        ([], lag(7), "7 records wait in 2 partitions, no run is at work"),
        # Whoever streams is no run that Dagster knows of: a run is asked for, and waits for its lease.
        ([], lag(0, streaming=True), "0 records wait in 2 partitions, no run is at work"),
        ([aged(SOON)], lag(7, streaming=True), "run 01234567 is 580 s old and ends soon; 7 records wait"),
        (
            [aged(FOLLOW + 5)],
            lag(0, streaming=True),
            "run 01234567 is 605 s old and ends soon; 0 records wait",
        ),
        ([aged(START_SECONDS + 1)], lag(7), "run 01234567 is 61 s old, yet no run holds the lease: it died"),
        ([aged(FOLLOW)], lag(0), "it died"),
    ],
)
def test_a_run_is_asked_for_and_why(runs, waiting, words):
    decision = decide(runs, waiting, FOLLOW)
    assert isinstance(decision, Start)
    assert words in decision.reason


@pytest.mark.parametrize(
    ("runs", "waiting", "words"),
    [
        ([], lag(partitions=0), "No input topic exists yet."),
        ([RUN], lag(partitions=0), "No input topic exists yet."),
        ([], lag(0), "0 records wait in 2 partitions: every position is at the end of its partition."),
        (
            [RUN],
            lag(7, streaming=True),
            "Run 01234567 follows for 100 of 600 s; 7 records wait in 2 partitions",
        ),
        ([aged(SOON - 1)], lag(7, streaming=True), "its successor is asked for 20 s before its time is up"),
        # It may not have taken the lease yet.
        ([aged(0)], lag(7), "Run 01234567 follows for 0 of 600 s"),
        ([aged(START_SECONDS)], lag(7), "Run 01234567 follows for 60 of 600 s"),
        # The successor is under way: none is asked for beside it, however old the other is.
        ([OLDER, aged(3)], lag(7, streaming=True), "Run 01234567 follows for 3 of 600 s"),
        ([aged(3), OLDER], lag(7, streaming=True), "Run 01234567 follows for 3 of 600 s"),
    ],
)
def test_no_run_is_asked_for_and_why_in_numbers(runs, waiting, words):
    decision = decide(runs, waiting, FOLLOW)
    assert isinstance(decision, str)
    assert words in decision


def test_records_that_wait_are_counted_by_topic_and_never_below_zero():
    found = Lag(
        (
            PartitionLag("a", 0, 5, 9),
            PartitionLag("a", 1, 9, 5),
            PartitionLag("b", 0, 0, 2),
        ),
        is_streaming=False,
    )
    assert found.records == 6
    assert found.by_topic() == {"a": 4, "b": 2}


@pytest.mark.parametrize(
    ("number", "last_seconds", "left"),
    [(1, 0.0, 0), (2, 0.0, 60), (2, 61.0, 0), (3, 10.0, 110), (9, 0.0, 600), (9, 601.0, 0)],
)
def test_after_runs_that_failed_the_next_one_waits_and_says_of_what(number, last_seconds, left):
    failures = Failures(number, last_seconds, "retention took 5 records.")
    decision = decide([], lag(7), FOLLOW, failures)
    if not left:
        assert isinstance(decision, Start)
        return
    assert decision == (
        f"7 records wait in 2 partitions; {number} runs failed, the last one of: retention took 5 records. "
        f"The next one is due in {left} s; to have it at once, launch the job `stream` when that is mended."
    )
    assert isinstance(decide([aged(FOLLOW)], lag(7, streaming=True), FOLLOW, failures), Start)
