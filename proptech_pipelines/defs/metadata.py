"""What assets say of themselves: table name, columns with their descriptions, and column lineage."""

from collections.abc import Mapping

import dagster as dg

from proptech_pipelines.contracts.topics import schema_fields
from proptech_pipelines.defs.keys import GRAPH, topic_key
from proptech_pipelines.lake.generations import column_types, staging_columns
from proptech_pipelines.lake.tables import TABLES
from proptech_pipelines.models.graph import GIVEN
from proptech_pipelines.models.lineage import column_sources
from proptech_pipelines.models.model import Column, Model

TYPES = column_types(GRAPH)
"""DuckDB types of the columns of every model."""


def table_metadata(name: str) -> Mapping[str, object]:
    """Metadata of one of the lake's own tables."""
    columns = [
        dg.TableColumn(column, kind, description=text) for column, (kind, text) in TABLES[name][1].items()
    ]
    return {"dagster/table_name": f"lake.main.{name}", "dagster/column_schema": dg.TableSchema(columns)}


def model_metadata(model: Model) -> Mapping[str, object]:
    """Metadata of a model's table or view."""
    texts = {column.name: column.description for column in _described(model)}
    if model.kind == "staging":
        texts |= {name: text for name, (_, text) in staging_columns(model).items()}
    columns = [
        dg.TableColumn(name, kind, description=texts.get(name)) for name, kind in TYPES[model.name].items()
    ]
    return {
        "dagster/table_name": f"lake.main.{model.name}",
        "dagster/column_schema": dg.TableSchema(columns),
        "dagster/column_lineage": dg.TableColumnLineage(_lineage(model)),
        "model": dg.MetadataValue.md(f"```sql\n{model.text}\n```"),
        "kind": model.kind,
        **({"family": model.family} if model.family else {}),
    }


def _described(model: Model) -> tuple[Column, ...]:
    """The columns with their texts; those behind `*` are described where they come from."""
    parents = [name for name in model.inputs[:1] if name in GRAPH.models and "*" in model.column_names]
    return (*(column for name in parents for column in GRAPH[name].columns), *model.columns)


def _lineage(model: Model) -> dict[str, list[dg.TableColumnDep]]:
    return {
        column: [dg.TableColumnDep(*_dependency(model, table, name)) for table, name in sources]
        for column, sources in column_sources(model, GRAPH).items()
    }


def _dependency(model: Model, table: str, column: str) -> tuple[dg.AssetKey, str]:
    if model.kind == "staging":
        # SQL folds the case of names; Avro's names keep theirs.
        fields = {name.lower(): name for name in schema_fields(model.topic)}
        return topic_key(model.topic), fields.get(column.lower(), column)
    return dg.AssetKey(GIVEN.get(table, table)), column
