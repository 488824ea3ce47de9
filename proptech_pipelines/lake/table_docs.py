"""The page `docs/tables.md`: every table and view of a lake with its columns, their types and what they mean."""

from collections.abc import Iterator, Mapping

import duckdb

from proptech_pipelines.lake.tables import STAGING_COLUMNS, TABLE_TOPIC_COLUMNS, TABLES
from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.model import Model

_HEAD = """\
# Tables

Names, types and units are a contract: a released column is neither renamed nor retyped. Times are UTC; `*_ms` are
milliseconds since 1970; `ppb` is parts per billion. Rows of tables are asked for by these names; what stands behind
a name in the lake (`<name>__1`, heads of writers `head_<writer>`, `lake_version`) is the platform's own.

This page is written from the code: `python -m proptech_pipelines_tests.lake.write_table_docs`.
"""
_LOG = "The log and what is kept about it"
_KINDS = {
    "view": "A view",
    "append": "An append-only table",
    "fold": "A fold",
    "recompute": "A recomputed table",
    "settled": "A settled table",
}


def render(con: duckdb.DuckDBPyConnection, graph: Graph) -> str:
    """The page as Markdown. `con` is open on a lake that holds the tables of `graph`; rows are not looked at."""
    parts = [_HEAD, f"## {_LOG}\n"]
    for name, (description, columns) in TABLES.items():
        texts = {column: text for column, (_, text) in columns.items()}
        parts += _section(con, name, description, texts)
    for folder in dict.fromkeys(model.folder for model in _ordered(graph)):
        parts.append(f"## {folder.capitalize()}\n")
        for model in _ordered(graph):
            if model.folder == folder:
                parts += _section(con, model.name, _about(model), _column_texts(model, graph))
    return "\n".join(parts)


def _ordered(graph: Graph) -> list[Model]:
    """Staging first, then inputs before what reads them."""
    return [*graph.staging, *graph.market]


def _about(model: Model) -> str:
    inputs = ", ".join(GIVEN.get(name, name) for name in model.inputs)
    if model.kind == "staging":
        return f"{model.description} Topic `{model.topic}`."
    return f"{model.description}\n\n{_KINDS[model.kind]} of family `{model.family}`, over {inputs}."


def _column_texts(model: Model, graph: Graph) -> Mapping[str, str]:
    """What each column means; a column taken over by `*` means what it means in the input."""
    texts: dict[str, str] = {}
    if model.kind == "staging":
        texts = {name: text for name, (_, text) in {**STAGING_COLUMNS, **TABLE_TOPIC_COLUMNS}.items()}
    for column in model.columns:
        if column.name == "*":
            texts.update(_column_texts(graph[model.inputs[0]], graph))
        else:
            texts[column.name] = column.description
    return texts


def _section(
    con: duckdb.DuckDBPyConnection, name: str, description: str, texts: Mapping[str, str]
) -> Iterator[str]:
    yield f"### {name}\n\n{description}\n\n| column | type | meaning |\n|---|---|---|"
    for column, kind, *_ in con.execute(f"describe {name}").fetchall():
        yield f"| {column} | {kind} | {_cell(texts[column])} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
