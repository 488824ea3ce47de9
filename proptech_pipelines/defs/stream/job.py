"""The stream job: one run drains the log, then follows it until its time is up and a successor takes over."""

import time

import dagster as dg

from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.defs.stream.reporting import Reporter
from proptech_pipelines.defs.stream.runs import ERROR_TAG, JOB_NAME, Successor, is_over
from proptech_pipelines.pipeline.stream import Hooks, StreamRun

_MOST_CHARACTERS = 300


class StreamConfig(dg.Config):
    """What the sensor planned: how long to follow, and the offset ranges that were waiting, for people to read."""

    follow_seconds: int = 3600
    planned_ranges: dict[str, str] = {}


@dg.op
def stream_log(context: dg.OpExecutionContext, config: StreamConfig, platform: Platform) -> None:
    """Take in micro-batches and advance every table; can be cancelled at any time with nothing lost."""
    ends_at = time.monotonic() + config.follow_seconds
    successor = Successor(context.instance, context.run_id)
    reporter = Reporter(context)
    hooks = Hooks(on_batch=reporter.on_batch, on_advance=reporter.on_advance)
    try:
        summary = StreamRun(platform.settings(), hooks=hooks).run(
            lambda: is_over(time.monotonic() - ends_at, successor)
        )
    except Exception as error:
        context.instance.add_run_tags(context.run_id, {ERROR_TAG: str(error)[:_MOST_CHARACTERS]})
        raise
    reporter.close()
    for error in summary.halted.values():
        raise dg.Failure(str(error), metadata={"records": summary.records})


@dg.job(name=JOB_NAME, tags={"proptech/kind": "stream"}, executor_def=dg.in_process_executor)
def stream() -> None:
    """Drain the topics, then follow them."""
    stream_log()
