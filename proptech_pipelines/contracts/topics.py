"""The topics: what travels where, under which key, with which schema. Names and schemas are a contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

NAMESPACE = "com.proptechusa.events"
RETENTION_MS = 168 * 3_600_000
SEGMENT_BYTES = 1 << 30


@dataclass(frozen=True)
class Topic:
    """One input topic and how its records become rows.

    `event_time` and `key_field` are Avro field names. A tombstone on a `table` topic is the version "none";
    on a `stream` topic it is a dead letter. `rank` orders records of equal event time across topics.
    """

    name: str
    rank: int
    record: str
    key_field: str
    event_time: str
    partitions: int = 3
    kind: Literal["stream", "table"] = "stream"

    @property
    def staging_table(self) -> str:
        """The table of its typed rows: `stg_` and the topic's name in snake case."""
        return "stg_" + self.name.replace("-", "_")

    @property
    def dead_letter_topic(self) -> str:
        """Where its broken records are published."""
        return self.name + "-dlq"

    @property
    def subject(self) -> str:
        """Its subject in the registry."""
        return self.name + "-value"


INPUT_TOPICS: tuple[Topic, ...] = (
    Topic("neighborhood-data", 0, "NeighborhoodData", "zipCode", "updatedAt", kind="table"),
    Topic("user-profiles", 1, "UserProfile", "userId", "updatedAt", kind="table"),
    Topic("property-listings", 2, "PropertyListing", "zipCode", "listedAt"),
    Topic("property-price-changes", 3, "PropertyPriceEvent", "propertyId", "changedAt", partitions=6),
    Topic("property-views", 4, "PropertyView", "userId", "viewedAt", partitions=6),
    Topic("property-events", 5, "PropertyEvent", "propertyId", "occurredAt"),
    Topic("property-updates", 6, "PropertyUpdate", "propertyId", "updatedAt"),
    Topic("user-interactions", 7, "UserInteraction", "userId", "occurredAt"),
    Topic("market-data", 8, "MarketData", "region", "reportedAt"),
)
OUTPUT_TOPICS: Mapping[str, int] = {
    "market-alerts": 3,
    "processed-properties": 3,
    "personalized-recommendations": 3,
    "enriched-properties": 3,
    "property-analytics": 3,
    "property-processing-dlq": 1,
}
"""Output topics and their partitions; each input topic has a `-dlq` of one partition besides."""


def topic(name: str) -> Topic:
    """The input topic `name`. Raises KeyError if there is none."""
    return _BY_NAME[name]


_BY_NAME = {item.name: item for item in INPUT_TOPICS}


@cache
def schema_text(name: str) -> str:
    """The newest Avro schema of topic `name` in this package, as JSON text without white space."""
    return schema_versions(name)[-1]


@cache
def schema_versions(name: str) -> tuple[str, ...]:
    """All versions of the schema of topic `name`, oldest first, as JSON text."""
    folder = resources.files("proptech_pipelines.contracts") / "schemas" / name
    files = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".avsc")),
        key=lambda item: int(item.name[1:-5]),
    )
    return tuple(json.dumps(json.loads(item.read_text()), separators=(",", ":")) for item in files)


@cache
def schema_fields(name: str) -> dict[str, dict[str, Any]]:
    """The fields of topic `name` by name, in the schema's order: the parsed field objects."""
    return {item["name"]: item for item in json.loads(schema_text(name))["fields"]}
