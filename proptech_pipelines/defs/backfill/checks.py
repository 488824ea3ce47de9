"""Asset checks of coverage: no family stands still, no day has another number of rows than the log gives."""

import dagster as dg

from proptech_pipelines.defs.keys import GRAPH
from proptech_pipelines.defs.log.checks import run_check
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.pipeline.coverage import family_is_covered


@dg.definitions
def checks() -> dg.Definitions:
    """One check for each family, on its last table."""
    return dg.Definitions(asset_checks=[_coverage_check(family) for family in GRAPH.families])


def _coverage_check(family: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=GRAPH.stored(family)[-1].name, name=f"is_covered_{family}")
    def check(platform: Platform) -> dg.AssetCheckResult:
        """The family is not halted, and each day of its tables has as many rows as the log gives, by counts alone."""
        return run_check(platform, lambda con: family_is_covered(con, family))

    return check
