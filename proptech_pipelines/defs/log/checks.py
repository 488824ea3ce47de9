"""Asset checks of the log."""

from collections.abc import Callable

import dagster as dg

from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.lake.connection import Connection, connect
from proptech_pipelines.pipeline.checks import CheckResult, ledger_is_gapless, records_are_conserved

CheckFunction = Callable[[Connection], CheckResult]


def run_check(platform: Platform, check: CheckFunction) -> dg.AssetCheckResult:
    """Run `check` on a read-only connection and say what it found."""
    con = connect(platform.settings(), read_only=True)
    try:
        result = check(con)
    finally:
        con.close()
    return dg.AssetCheckResult(
        passed=result.passed,
        metadata={
            "looked_at": result.looked_at,
            "failures": result.failures,
            "sample": dg.MetadataValue.json(list(result.sample)),
        },
    )


@dg.asset_check(asset="ledger", name="is_gapless")
def ledger_is_gapless_check(platform: Platform) -> dg.AssetCheckResult:
    """Offset ranges join up, numbers have no gaps: nothing was skipped, nothing counted twice."""
    return run_check(platform, ledger_is_gapless)


@dg.asset_check(asset="event_log", name="is_conserved")
def records_are_conserved_check(platform: Platform) -> dg.AssetCheckResult:
    """For every transaction, ledger = log rows = staged + dead."""
    return run_check(platform, records_are_conserved)
