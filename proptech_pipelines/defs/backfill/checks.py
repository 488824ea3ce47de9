"""Asset checks of coverage: no family stands still, no day has another number of rows than the log gives."""

import dagster as dg

from proptech_pipelines.defs.log.checks import family_checks
from proptech_pipelines.pipeline.coverage import family_is_covered


@dg.definitions
def checks() -> dg.Definitions:
    """One check for each family, on its last table."""
    return dg.Definitions(
        asset_checks=family_checks(
            "is_covered",
            "The family is not halted, and each day of its tables has as many rows as the log gives, by counts alone.",
            family_is_covered,
        )
    )
