"""When a stream run ends by itself."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace

import dagster as dg
import pytest

from proptech_pipelines.defs.stream.planning import NO_FAILURES, START_SECONDS
from proptech_pipelines.defs.stream.runs import ERROR_TAG, Successor, failures, is_over


class Instance:
    """Stands for Dagster's: unfinished runs by id."""

    def __init__(self, *run_ids):
        self.run_ids = run_ids
        self.asked = 0

    def get_run_records(self, filters):
        assert filters.job_name == "stream"
        self.asked += 1
        return [
            SimpleNamespace(
                dagster_run=SimpleNamespace(run_id=run_id, status=dg.DagsterRunStatus.STARTED),
                start_time=None,
                create_timestamp=datetime.now(UTC),
            )
            for run_id in self.run_ids
        ]


@pytest.mark.parametrize(
    ("seconds_over", "run_ids", "expected"),
    [
        (-0.1, ("own",), False),
        (0.1, ("own",), True),
        (0.1, ("own", "next"), False),
        (START_SECONDS - 0.1, ("own", "next"), False),
        (START_SECONDS + 0.1, ("own", "next"), True),
    ],
)
def test_a_run_goes_on_past_its_time_while_its_successor_starts_but_not_for_ever(
    seconds_over, run_ids, expected
):
    assert is_over(seconds_over, Successor(Instance(*run_ids), "own")) is expected


def test_dagster_is_not_asked_before_the_time_and_then_now_and_then():
    instance = Instance("own", "next")
    successor = Successor(instance, "own")
    assert not is_over(-1, successor)
    assert instance.asked == 0
    for _ in range(5):
        assert not is_over(1, successor)
    assert instance.asked == 1


def test_runs_that_ended_with_errors_are_counted_up_to_one_that_did_not():
    def record(seconds, **tags):
        return SimpleNamespace(dagster_run=SimpleNamespace(tags=tags), end_time=time.time() - seconds)

    def found(*records):
        return failures(SimpleNamespace(get_run_records=lambda filters, limit: list(records[:limit])))

    error = {ERROR_TAG: "OffsetGap"}
    assert found() == NO_FAILURES
    assert found(record(1), record(2, **error)) == NO_FAILURES
    counted = found(record(5, **error), record(9, **error), record(11), record(12, **error))
    assert (counted.number, round(counted.last_seconds), counted.error) == (2, 5, "OffsetGap")
