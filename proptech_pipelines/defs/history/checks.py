"""Asset checks of the trail of properties."""

import dagster as dg

from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.pipeline.property_checks import compare_prices


@dg.asset_check(asset="property_current", name="agrees_with_price_changes")
def agrees_with_price_changes_check(platform: Platform) -> dg.AssetCheckResult:
    """Every reduction in the trail is to the price that the price changes gave the property at that moment.

    Two topics that contradict each other are wrong where they are produced, so this warns.
    """
    con = connect(platform.settings(), read_only=True)
    try:
        found = compare_prices(con)
    finally:
        con.close()
    return dg.AssetCheckResult(
        passed=found.passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={**found.counts, "sample": dg.MetadataValue.json(list(found.sample))},
    )
