"""Topics as external assets, so that lineage begins in Kafka."""

from collections.abc import Sequence

import dagster as dg

from proptech_pipelines.contracts.topics import INPUT_TOPICS, OUTPUT_TOPICS, schema_fields
from proptech_pipelines.defs.keys import OWNERS, topic_key

_SOURCES = {
    "market-alerts": "market_alerts",
    "enriched-properties": "enriched_listings",
    "processed-properties": "processed_properties",
    "property-processing-dlq": "property_processing_errors",
    "personalized-recommendations": "personalized_recommendations",
    "property-analytics": "property_analytics",
}


@dg.definitions
def topics() -> dg.Definitions:
    """All topics."""
    return dg.Definitions(assets=[*_input_topics(), *_output_topics(), *_dead_letter_topics()])


def _input_topics() -> Sequence[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            topic_key(topic.name),
            group_name="topics",
            kinds={"kafka", "avro"},
            owners=OWNERS,
            description=f"{topic.record} records, keyed by {topic.key_field}; event time in {topic.event_time}.",
            metadata={
                "dagster/column_schema": dg.TableSchema(
                    [
                        dg.TableColumn(name, str(item["type"]), description=item.get("doc"))
                        for name, item in schema_fields(topic.name).items()
                    ]
                ),
                "partitions": topic.partitions,
            },
        )
        for topic in INPUT_TOPICS
    ]


def _output_topics() -> Sequence[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            topic_key(name),
            group_name="published",
            kinds={"kafka", "avro"},
            owners=OWNERS,
            description="Published once, for read_committed readers, from the table upstream.",
            deps=[dg.AssetKey(_SOURCES[name])],
        )
        for name in OUTPUT_TOPICS
    ]


def _dead_letter_topics() -> Sequence[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            topic_key(topic.dead_letter_topic),
            group_name="published",
            kinds={"kafka"},
            owners=OWNERS,
            description=f"Records of {topic.name} that broke their contract, raw, with the reason in headers.",
            deps=[dg.AssetKey("dead_letters")],
        )
        for topic in INPUT_TOPICS
    ]
