"""The job `redrive`: what `proptech dead-letters redrive` does, with the same filters as its configuration."""

import dagster as dg

from proptech_pipelines.defs.dead_letters.metadata import letter_metadata
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.lake.letters import Choice
from proptech_pipelines.moments import utc_moment
from proptech_pipelines.pipeline.redrive_plan import DEFAULT_ATTEMPTS
from proptech_pipelines.pipeline.redrive_run import Request, lines, redrive_letters


class RedriveConfig(dg.Config):
    """Which letters to redrive; empty is any, 0 is no maximum. Moments in ISO 8601, UTC where they name no zone.

    `since` is included, `until` is not; both are compared with Kafka timestamps.
    """

    topic: str = ""
    reason: str = ""
    since: str = ""
    until: str = ""
    max_letters: int = 0
    max_attempts: int = DEFAULT_ATTEMPTS
    dry_run: bool = False


@dg.op
def redrive_dead_letters(context: dg.OpExecutionContext, config: RedriveConfig, platform: Platform) -> None:
    """Decode letters again; those that succeed become rows, and tables follow with the stream."""
    since = utc_moment(config.since, "since") if config.since else None
    until = utc_moment(config.until, "until") if config.until else None
    choice = Choice(config.topic or None, config.reason or None, since, until)
    request = Request(choice, config.max_letters or None, config.max_attempts, dry_run=config.dry_run)
    settings = platform.settings()
    done = redrive_letters(settings, request)
    for line in lines(done):
        context.log.info(
            f"{line.topic}, {line.reason}: {line.letters} letters, {line.staged} staged, {line.parked} parked, "
            f"failed {dict(line.failed)}"
        )
    counts = {"chosen": len(done.outcomes), "staged": done.count("staged"), "parked": done.count("parked")}
    context.log_event(
        dg.AssetObservation(
            "dead_letters", metadata={**letter_metadata(settings), **counts, "dry_run": config.dry_run}
        )
    )


@dg.job(tags={"proptech/kind": "redrive"}, executor_def=dg.in_process_executor)
def redrive() -> None:
    """Decode dead letters again."""
    redrive_dead_letters()


@dg.definitions
def jobs() -> dg.Definitions:
    """The job."""
    return dg.Definitions(jobs=[redrive])
