"""The job `readmit`: what `proptech late readmit` does, with the same filters as its configuration."""

import dagster as dg

from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.lake.late import Choice
from proptech_pipelines.moments import utc_moment
from proptech_pipelines.pipeline.readmit import readmit_late


class ReadmitConfig(dg.Config):
    """Which late records to re-admit; empty is any, 0 is no maximum. Moments in ISO 8601, UTC where they name no zone.

    `table` is a fold; `since` is included, `until` is not; both are compared with event times.
    """

    table: str = ""
    topic: str = ""
    since: str = ""
    until: str = ""
    max_records: int = 0
    dry_run: bool = False


@dg.op
def readmit_late_records(context: dg.OpExecutionContext, config: ReadmitConfig, platform: Platform) -> None:
    """Let late records count in the windows that they missed; tables follow with the stream."""
    since = utc_moment(config.since, "since") if config.since else None
    until = utc_moment(config.until, "until") if config.until else None
    choice = Choice(config.table or None, config.topic or None, since, until)
    done = readmit_late(
        platform.settings(), choice, max_records=config.max_records or None, dry_run=config.dry_run
    )
    for line in done.lines:
        context.log.info(f"{line.table}, {line.topic}: {line.records} records, {line.windows} windows")
    metadata = {
        "records": done.records,
        "windows": sum(line.windows for line in done.lines),
        "control_numbers": dg.MetadataValue.json(done.control_numbers),
        "dry_run": config.dry_run,
    }
    context.log_event(dg.AssetObservation("late_events", metadata=metadata))


@dg.job(tags={"proptech/kind": "readmit"}, executor_def=dg.in_process_executor)
def readmit() -> None:
    """Re-admit late records as a revision."""
    readmit_late_records()


@dg.definitions
def jobs() -> dg.Definitions:
    """The job."""
    return dg.Definitions(jobs=[readmit])
