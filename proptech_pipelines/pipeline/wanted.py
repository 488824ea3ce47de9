"""The models that a lake ought to follow: those of the installation, as wide as the schemas of the topics by now."""

import logging
from dataclasses import replace

from proptech_pipelines.contracts.readers import widest_reader
from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.topics import schema_text, topic
from proptech_pipelines.errors import RegistryUnavailable
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import checkout_graph, stored_readers
from proptech_pipelines.lake.tables import RESERVED_COLUMNS
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines.models.widened import widened

log = logging.getLogger(__name__)


def wanted_graph(con: Connection, registry: Registry | None, checkout: Graph | None = None) -> Graph:
    """The models of `checkout` (default: this installation), each staging table with the columns of the widest schema.

    A schema counts once its subject has it or the log holds a record that was written with it, whichever comes
    first. A registry that is silent is asked another time; what the lake has by then it keeps.
    """
    graph = checkout or checkout_graph()
    live = stored_readers(con)
    rows = con.execute("select topic, schema_text from schema_versions order by first_seen_at").fetchall()
    models: dict[str, Model] = dict(graph.models)
    for model in graph.staging:
        base = schema_text(model.topic)
        candidates = [live.get(model.topic, base), *_registered(registry, model.topic)]
        candidates += [text for name, text in rows if name == model.topic]
        reader = widest_reader(base, candidates, RESERVED_COLUMNS)
        models[model.name] = (
            widened(model, reader, RESERVED_COLUMNS) if reader != base else replace(model, reader_schema=base)
        )
    return Graph.of(models.values())


def _registered(registry: Registry | None, name: str) -> list[str]:
    if registry is None:
        return []
    try:
        found = registry.latest(topic(name).subject)
    except RegistryUnavailable as error:
        log.info("%s", error)
        return []
    return [found] if found is not None else []
