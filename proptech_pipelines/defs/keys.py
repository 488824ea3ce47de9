"""Names that several domains share: asset keys, owners, partitions."""

import dagster as dg

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import GIVEN, Graph

OWNERS = ["team:property-data"]
DAYS = dg.DailyPartitionsDefinition("2000-01-01", timezone="UTC", end_offset=2)
"""Event-time days. Two days past today: a record may be up to 24 hours ahead of its sending."""
GRAPH: Graph = checkout_graph()


def topic_key(name: str) -> dg.AssetKey:
    """The asset of a Kafka topic."""
    return dg.AssetKey(["kafka", name.replace("-", "_")])


def table_inputs(name: str) -> list[dg.AssetKey]:
    """The assets that table `name` is computed from."""
    return [dg.AssetKey(GIVEN.get(parent, parent)) for parent in GRAPH[name].inputs]
