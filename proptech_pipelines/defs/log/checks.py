"""Asset checks of the log, and what checks of other things are made with."""

from collections.abc import Callable

import dagster as dg

from proptech_pipelines.defs.keys import GRAPH
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


def family_checks(
    name: str, description: str, check: Callable[[Connection, str], CheckResult]
) -> list[dg.AssetChecksDefinition]:
    """A check `<name>_<family>` for each family, on its last table."""
    return [_family_check(f"{name}_{family}", description, family, check) for family in GRAPH.families]


def _family_check(
    name: str, description: str, family: str, check: Callable[[Connection, str], CheckResult]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=GRAPH.stored(family)[-1].name, name=name, description=description)
    def checked(platform: Platform) -> dg.AssetCheckResult:
        return run_check(platform, lambda con: check(con, family))

    return checked


@dg.asset_check(asset="ledger", name="is_gapless")
def ledger_is_gapless_check(platform: Platform) -> dg.AssetCheckResult:
    """Offset ranges join up, numbers have no gaps: nothing was skipped, nothing counted twice."""
    return run_check(platform, ledger_is_gapless)


@dg.asset_check(asset="event_log", name="is_conserved")
def records_are_conserved_check(platform: Platform) -> dg.AssetCheckResult:
    """For every transaction, ledger = log rows = staged + dead."""
    return run_check(platform, records_are_conserved)
