"""Asset checks of the market tables: what is stored is what a replay of the whole log gives."""

import dagster as dg

from proptech_pipelines.defs.log.checks import family_checks
from proptech_pipelines.pipeline.checks import replay_equals_stream


@dg.definitions
def checks() -> dg.Definitions:
    """One check for each family, on its last table."""
    return dg.Definitions(
        asset_checks=family_checks(
            "replay_equals_stream",
            "Derives every stored table of the family from the log again, at its own cut, and compares row by row.",
            replay_equals_stream,
        )
    )
