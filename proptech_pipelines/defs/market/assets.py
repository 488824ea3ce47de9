"""Market tables: one multi-asset a family, by event-time day, each day derived from the log through the models."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from proptech_pipelines.defs.keys import DAYS, GRAPH, OWNERS, table_inputs
from proptech_pipelines.defs.metadata import model_metadata
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.models.model import Model
from proptech_pipelines.moments import as_utc
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rederive import rederive


@dg.definitions
def market() -> dg.Definitions:
    """The assets of all families. A family of views alone has nothing to derive: its assets are only shown."""
    shown = [_spec(model) for model in GRAPH.market if model.family not in GRAPH.families]
    return dg.Definitions(assets=[*[_family_assets(family) for family in GRAPH.families], *shown])


def _spec(model: Model) -> dg.AssetSpec:
    return dg.AssetSpec(
        model.name,
        group_name=model.folder,
        kinds={"duckdb", "ducklake", "sql"},
        owners=OWNERS,
        description=model.description,
        metadata=model_metadata(model),
        deps=table_inputs(model.name),
    )


def _family_assets(family: str) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{family}_family",
        specs=[_spec(model) for model in GRAPH.market if model.family == family],
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def assets(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[dg.MaterializeResult]:
        """Derive the selected days from the log again; what differed is replaced, other days stay as they are."""
        days = days_of(context.partition_time_window)
        derived = rederive(platform.settings(), family, days)
        for spec in context.assets_def.specs:
            if spec.key in context.selected_asset_keys:
                item = derived[spec.key.path[-1]]
                yield dg.MaterializeResult(
                    asset_key=spec.key,
                    metadata={"dagster/partition_row_count": item.rows, "rows_changed": item.changed},
                )

    return assets


def days_of(window: dg.TimeWindow) -> Days:
    """The days of a partition range, [start, end)."""
    return Days(
        as_utc(window.start).date(),
        (as_utc(window.end) - timedelta(microseconds=1)).date() + timedelta(days=1),
    )
