"""The log, its staging tables, ledger and dead letters. Materializing any of them brings the log to the head once."""

from collections.abc import Iterator

import dagster as dg

from proptech_pipelines.contracts.topics import topic
from proptech_pipelines.defs.dead_letters.metadata import letter_metadata
from proptech_pipelines.defs.keys import GRAPH, OWNERS, topic_key
from proptech_pipelines.defs.metadata import model_metadata, table_metadata
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.lake.tables import TABLES
from proptech_pipelines.pipeline.head import bring_to_head

_LOG_TABLES = ("event_log", "control_log", "dead_letter_records", "ledger", "log_ranges", "schema_versions")
_DERIVED_TABLES = {
    "dead_letter_attempts": ["dead_letter_records"],
    "dead_letters": ["dead_letter_records", "dead_letter_attempts"],
    "readmissions": ["control_log"],
}
"""Tables of the log that are made of others, with these."""


def _specs() -> list[dg.AssetSpec]:
    topics = [topic_key(model.topic) for model in GRAPH.staging]
    log = [
        dg.AssetSpec(
            name,
            group_name="log",
            kinds={"duckdb", "ducklake"},
            owners=OWNERS,
            description=TABLES[name][0],
            metadata=table_metadata(name),
            deps=topics if name == "event_log" else [dg.AssetKey("event_log")],
        )
        for name in _LOG_TABLES
    ]
    derived = [
        dg.AssetSpec(
            name,
            group_name="log",
            kinds={"duckdb", "ducklake"},
            owners=OWNERS,
            description=TABLES[name][0],
            metadata=table_metadata(name),
            deps=inputs,
        )
        for name, inputs in _DERIVED_TABLES.items()
    ]
    staging = [
        dg.AssetSpec(
            model.name,
            group_name="staging",
            kinds={"duckdb", "ducklake", "sql"},
            owners=OWNERS,
            description=model.description,
            metadata=model_metadata(model),
            deps=[topic_key(topic(model.topic).name), dg.AssetKey("event_log")],
        )
        for model in GRAPH.staging
    ]
    return [*log, *derived, *staging]


@dg.multi_asset(specs=_specs(), can_subset=True, name="log")
def log(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[dg.MaterializeResult]:
    """Take in all that the topics hold now and advance every table to it; waits if the stream does so already."""
    report = bring_to_head(platform.settings())
    for spec in context.assets_def.specs:
        if spec.key in context.selected_asset_keys:
            name = spec.key.path[-1]
            shown = letter_metadata(platform.settings()) if name == "dead_letters" else {}
            counts = {"dagster/row_count": report.rows[name], "records": report.records}
            yield dg.MaterializeResult(asset_key=spec.key, metadata={**shown, **counts})
