"""The sensor that keeps one stream run going. The tick only reads metadata, so previewing it changes nothing."""

import dagster as dg

from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.defs.stream.job import stream
from proptech_pipelines.defs.stream.planning import NO_FAILURES, Start, decide
from proptech_pipelines.defs.stream.runs import failures, live_runs
from proptech_pipelines.pipeline.lag import read_lag


@dg.sensor(
    job=stream,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    name="stream_sensor",
)
def stream_sensor(context: dg.SensorEvaluationContext, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """Ask for a stream run when records wait and none is at work, and for its successor before its time is up."""
    settings = platform.settings()
    lag = read_lag(settings)
    runs = live_runs(context.instance)
    # Who asks beside a run does not wait for what failed before.
    failed = NO_FAILURES if runs else failures(context.instance)
    decision = decide(runs, lag, settings.follow_seconds, failed)
    if not isinstance(decision, Start):
        return dg.SkipReason(decision)
    ranges = {
        f"{item.topic}[{item.partition}]": f"[{item.start_offset}, {item.end_offset})"
        for item in lag.partitions
        if item.records
    }
    config = {"follow_seconds": settings.follow_seconds, "planned_ranges": ranges}
    return dg.RunRequest(
        run_config={"ops": {"stream_log": {"config": config}}},
        tags={"proptech/lag": str(lag.records), "proptech/reason": decision.reason},
    )


@dg.definitions
def sensors() -> dg.Definitions:
    """The sensor and its job."""
    return dg.Definitions(sensors=[stream_sensor], jobs=[stream])
