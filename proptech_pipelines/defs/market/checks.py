"""Asset checks of the market tables: what is stored is what a replay of the whole log gives."""

import dagster as dg

from proptech_pipelines.defs.keys import GRAPH
from proptech_pipelines.defs.log.checks import run_check
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.pipeline.checks import replay_equals_stream


@dg.definitions
def checks() -> dg.Definitions:
    """One check for each family, on its last table."""
    return dg.Definitions(asset_checks=[_replay_check(family) for family in GRAPH.families])


def _replay_check(family: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=GRAPH.stored(family)[-1].name, name=f"replay_equals_stream_{family}")
    def check(platform: Platform) -> dg.AssetCheckResult:
        """Derives every stored table of the family from the log again, at its own cut, and compares row by row."""
        return run_check(platform, lambda con: replay_equals_stream(con, family))

    return check
