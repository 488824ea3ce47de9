"""Dagster definitions with a run that goes on until it is canceled, started by a sensor."""

import time

import dagster as dg

ACTIVE = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)


@dg.op
def wait() -> None:
    time.sleep(600)


@dg.job(executor_def=dg.in_process_executor)
def waiting() -> None:
    wait()


@dg.sensor(job=waiting, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def start_one(context: dg.SensorEvaluationContext):
    active = dg.RunsFilter(job_name="waiting", statuses=[*ACTIVE])
    if not context.instance.get_runs(active):
        yield dg.RunRequest()


defs = dg.Definitions(jobs=[waiting], sensors=[start_one])
