"""Names that several domains share: asset keys, owners, partitions."""

import logging

import dagster as dg

from proptech_pipelines.errors import ModelError, ServiceError, SettingsError
from proptech_pipelines.lake.connection import LakeError, connect
from proptech_pipelines.lake.generations import checkout_graph, column_types, live_graph
from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)

OWNERS = ["team:property-data"]
DAYS = dg.DailyPartitionsDefinition("2000-01-01", timezone="UTC", end_offset=2)
"""Event-time days. Two days past today: a record may be up to 24 hours ahead of its sending."""


def shown_graph() -> Graph:
    """The models of this installation, as assets show them; those of the lake where one of these is refused.

    So the stream, which follows the lake's models anyway, goes on, and the plan sensor says what is wrong. Raises
    ModelError for a refused model where no lake with models can be read.
    """
    try:
        return checkout_graph()
    except ModelError as refused:
        log.warning("%s Until then the models of the lake stay.", refused)
        if (graph := _graph_of_lake()) is None:
            raise
        return graph


def _graph_of_lake() -> Graph | None:
    try:
        with connect(Settings.load(), read_only=True) as con:
            graph = live_graph(con)
            column_types(graph)
    except (ServiceError, SettingsError, ModelError, LakeError) as error:
        log.warning("Nor can those of the lake be read: %s", error)
        return None
    return graph if graph.models else None


GRAPH: Graph = shown_graph()


def topic_key(name: str) -> dg.AssetKey:
    """The asset of a Kafka topic."""
    return dg.AssetKey(["kafka", name.replace("-", "_")])


def table_inputs(name: str) -> list[dg.AssetKey]:
    """The assets that table `name` is computed from."""
    return [dg.AssetKey(GIVEN.get(parent, parent)) for parent in GRAPH[name].inputs]
