"""Runs that Dagster takes for unfinished, and those that failed."""

import time
from collections.abc import Sequence
from itertools import takewhile

import dagster as dg

from proptech_pipelines.defs.stream.planning import NO_FAILURES, START_SECONDS, Failures, LiveRun

JOB_NAME = "stream"
ERROR_TAG = "proptech/error"
"""What a run ended with, where it ended with an error of its own."""
_MOST_FAILURES = 10
_ASK_SECONDS = 2.0
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def live_runs(instance: dg.DagsterInstance, job_name: str = JOB_NAME) -> Sequence[LiveRun]:
    """Unfinished runs of a job, each with its age: one that is queued has none, for it will start."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job_name, statuses=_UNFINISHED))
    now = time.time()
    return [
        LiveRun(
            record.dagster_run.run_id,
            0.0
            if record.dagster_run.status is dg.DagsterRunStatus.QUEUED
            else now - (record.start_time or record.create_timestamp.timestamp()),
        )
        for record in records
    ]


def failures(instance: dg.DagsterInstance) -> Failures:
    """The runs up to the last one that ended with an error of their own; one that was killed may be the last."""
    records = instance.get_run_records(dg.RunsFilter(job_name=JOB_NAME), limit=_MOST_FAILURES)
    failed = list(
        takewhile(lambda record: ERROR_TAG in record.dagster_run.tags, records)
    )  # the youngest first
    if not failed:
        return NO_FAILURES
    ended = failed[0].end_time or failed[0].update_timestamp.timestamp()
    return Failures(len(failed), time.time() - ended, failed[0].dagster_run.tags[ERROR_TAG])


class Successor:
    """Whether another run of the job is on its way beside `run_id`; Dagster is asked every 2 s."""

    def __init__(self, instance: dg.DagsterInstance, run_id: str) -> None:
        self._instance = instance
        self._run_id = run_id
        self._asked_at = -_ASK_SECONDS
        self._is_coming = False

    def is_coming(self) -> bool:
        """Whether one was, at the last look."""
        if time.monotonic() - self._asked_at >= _ASK_SECONDS:
            self._is_coming = any(run.run_id != self._run_id for run in live_runs(self._instance))
            self._asked_at = time.monotonic()
        return self._is_coming


def is_over(seconds_over: float, successor: Successor) -> bool:
    """Whether a run ends by itself so long after its time: not while its successor starts, for records would wait."""
    return seconds_over > 0 and (seconds_over > START_SECONDS or not successor.is_coming())
