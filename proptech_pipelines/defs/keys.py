"""Names that several domains share: asset keys, owners, partitions."""

import logging

import dagster as dg

from proptech_pipelines.errors import ModelError, ServiceError, SettingsError
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import checkout_graph, live_graph
from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)

OWNERS = ["team:property-data"]
DAYS = dg.DailyPartitionsDefinition("2000-01-01", timezone="UTC", end_offset=2)
"""Event-time days. Two days past today: a record may be up to 24 hours ahead of its sending."""


def shown_graph() -> Graph:
    """The models of this installation, as assets show them; those of the lake where one of these is refused.

    So the stream, which follows the lake's models anyway, goes on, and the plan sensor says what is wrong. Raises
    ModelError for a refused model where there is no lake yet.
    """
    try:
        return checkout_graph()
    except ModelError as refused:
        log.warning("%s Until then the models of the lake stay.", refused)
        try:
            con = connect(Settings.load(), read_only=True)
        except (ServiceError, SettingsError):
            raise refused from None
        try:
            return live_graph(con)
        finally:
            con.close()


GRAPH: Graph = shown_graph()


def topic_key(name: str) -> dg.AssetKey:
    """The asset of a Kafka topic."""
    return dg.AssetKey(["kafka", name.replace("-", "_")])


def table_inputs(name: str) -> list[dg.AssetKey]:
    """The assets that table `name` is computed from."""
    return [dg.AssetKey(GIVEN.get(parent, parent)) for parent in GRAPH[name].inputs]
