"""Which input columns a model's columns come from, by the columns that its SQL names."""

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node
from sqlglot.lineage import lineage as trace  # pyright: ignore[reportUnknownVariableType]

from proptech_pipelines.models.graph import GIVEN, READMISSIONS, STREAM_TIMES, TOPIC_IDS, Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, COORDINATES, Model

Source = tuple[str, str]
"""Input table and column."""
_GIVEN_COLUMNS = {
    STREAM_TIMES: ("topic", "stream_time_ms"),
    READMISSIONS: ("control_number", "table_name", *COORDINATES),
    TOPIC_IDS: ("topic_id", "topic"),
}


def column_sources(model: Model, graph: Graph) -> dict[str, list[Source]]:
    """For each column of `model`, the columns of its direct inputs that it is computed from, sorted.

    A column that sqlglot cannot trace (behind `*` of an input, say) has none.
    """
    schema = {name: _columns_of(name, graph) for name in model.inputs}
    try:
        # All columns at once: one by one, each parses and qualifies the whole SELECT anew.
        roots: dict[str, Node] = trace(None, model.sql, schema=schema, dialect="duckdb", trim_selects=False)  # pyright: ignore[reportArgumentType, reportCallIssue]
    except SqlglotError:
        roots = {}
    found: dict[str, list[Source]] = {}
    for column in model.column_names:
        if column == "*":
            for parent in model.inputs[:1]:
                names = _GIVEN_COLUMNS[parent] if parent in GIVEN else graph[parent].column_names
                found.update({name: [(parent, name)] for name in names})
        elif column in roots:
            found[column] = sorted(set(_leaves(roots[column])))
    return found


def _columns_of(name: str, graph: Graph) -> dict[str, str]:
    if name in GIVEN:
        return dict.fromkeys(_GIVEN_COLUMNS[name], "VARCHAR")
    model = graph[name]
    names = [*model.column_names]
    if model.kind == "staging":
        names += [COMMIT_COLUMN, "topic_id", "topic_epoch", "kafka_partition", "kafka_offset", "event_time"]
        names += ["stream_time_ms", "kafka_timestamp_ms", "record_key", "is_tombstone", "event_time_is_kafka"]
    return dict.fromkeys(names, "VARCHAR")


def _leaves(node: Node) -> list[Source]:
    return [
        (leaf.expression.this.name, leaf.name.split(".")[-1].strip('"'))
        for leaf in node.walk()
        if isinstance(leaf.expression, exp.Table) and isinstance(leaf.expression.this, exp.Identifier)
    ]
