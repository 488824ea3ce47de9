"""The stream job's runs that Dagster takes for unfinished."""

import time
from collections.abc import Sequence

import dagster as dg

from proptech_pipelines.defs.stream.planning import LiveRun

JOB_NAME = "stream"
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def live_runs(instance: dg.DagsterInstance) -> Sequence[LiveRun]:
    """Unfinished runs of the stream job, each with its age."""
    records = instance.get_run_records(dg.RunsFilter(job_name=JOB_NAME, statuses=_UNFINISHED))
    now = time.time()
    return [
        LiveRun(record.dagster_run.run_id, now - (record.start_time or record.create_timestamp.timestamp()))
        for record in records
    ]
