"""Asset checks of dead letters. They warn: the log is whole, whatever is in it."""

import dagster as dg

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.errors import RegistryUnavailable
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.letter_figures import Depth, depth
from proptech_pipelines.pipeline.letter_checks import (
    FEW,
    MOST_GROWTH,
    MOST_PERCENT,
    Proposal,
    is_shallow,
    is_steady,
    propose,
)
from proptech_pipelines.pipeline.redrive_run import registry_look_up


def _depth(platform: Platform) -> Depth:
    con = connect(platform.settings(), read_only=True)
    try:
        return depth(con)
    finally:
        con.close()


@dg.asset_check(asset="dead_letters", name="is_shallow")
def is_shallow_check(platform: Platform) -> dg.AssetCheckResult:
    """Open letters are at most 1 % of the records, or at most 100; copies are left out."""
    found = _depth(platform)
    return dg.AssetCheckResult(
        passed=is_shallow(found),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "open": found.letters,
            "copies": found.copies,
            "records": found.records,
            "depth_percent": found.depth_percent,
            "most_percent": MOST_PERCENT,
            "never_too_many": FEW,
        },
    )


@dg.asset_check(asset="dead_letters", name="grows_steadily")
def grows_steadily_check(platform: Platform) -> dg.AssetCheckResult:
    """The last 24 hours brought at most 3 times the letters of the 24 hours before, or at most 100."""
    found = _depth(platform)
    return dg.AssetCheckResult(
        passed=is_steady(found),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "died_last_day": found.died_last_day,
            "died_day_before": found.died_day_before,
            "most_growth": MOST_GROWTH,
            "never_too_many": FEW,
        },
    )


@dg.asset_check(asset="dead_letters", name="no_redrive_is_due")
def no_redrive_is_due_check(platform: Platform) -> dg.AssetCheckResult:
    """No letter that died of its schema would become a row by now; if some would, the redrive is proposed."""
    settings = platform.settings()
    con = connect(settings, read_only=True)
    try:
        with registry_look_up(settings) as look_up:
            found = propose(con, look_up, Limits.of(settings))
    except RegistryUnavailable as error:
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(error))
    finally:
        con.close()
    return _proposed(found)


def _proposed(found: Proposal) -> dg.AssetCheckResult:
    total = sum(found.mendable.values())
    return dg.AssetCheckResult(
        passed=not total,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{total} letters can be redriven: {'; '.join(found.commands)}" if total else None,
        metadata={
            "tried": found.tried,
            "mendable": total,
            "by_reason": dg.MetadataValue.json(
                {f"{topic} {reason}": count for (topic, reason), count in found.mendable.items()}
            ),
            "commands": dg.MetadataValue.json(list(found.commands)),
        },
    )
