"""The tables of models in the lake: physical tables by generation, and the views under the public names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from importlib import resources

import duckdb

from proptech_pipelines.contracts.columns import decoded_columns
from proptech_pipelines.contracts.topics import schema_text, topic
from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.connection import LAKE
from proptech_pipelines.lake.first_rows import insert_first_rows, remove_first_rows
from proptech_pipelines.lake.heads import create_heads, without_heads
from proptech_pipelines.lake.packing import pack
from proptech_pipelines.lake.property_macros import property_macros
from proptech_pipelines.lake.stream_times import TOPIC_IDS_SQL, stream_times
from proptech_pipelines.lake.tables import (
    STAGING_COLUMNS,
    TABLE_TOPIC_COLUMNS,
    TABLES,
    comment,
    create_table,
)
from proptech_pipelines.lake.transactions import transaction
from proptech_pipelines.models import slices
from proptech_pipelines.models.fold import with_casts_apart
from proptech_pipelines.models.graph import GIVEN, STREAM_TIMES, TOPIC_IDS, Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, SIGN_COLUMN, Model, parse_model
from proptech_pipelines.models.supported import check_casts, check_model, check_types


def checkout_models() -> list[Model]:
    """The models of `dbt_like_sql` as they stand in this installation. Raises ModelError for one outside the class."""
    models: list[Model] = []
    for folder in resources.files("dbt_like_sql").iterdir():
        for file in folder.iterdir() if folder.is_dir() else ():
            # An editor's own files begin with a dot.
            if file.name.endswith(".sql") and not file.name.startswith("."):
                with _blamed(file.name):
                    models.append(
                        parse_model(file.name.removesuffix(".sql"), folder.name, file.read_text("utf-8"))
                    )
    return sorted(models, key=lambda model: model.name)


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Whatever reading, parsing or binding a text raises is the fault of what is named `name`."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{name}: {type(error).__name__}: {error}", "correct it.") from error


def checkout_graph() -> Graph:
    """The graph of `checkout_models`.

    Raises ModelError for a model that its kind cannot keep right, or that DuckDB cannot bind.
    """
    return _checked(tuple(checkout_models()))


@lru_cache(maxsize=2)
def _checked(models: tuple[Model, ...]) -> Graph:
    """The graph of `models`; a sensor asks for it every few seconds."""
    with _blamed("The models"):
        graph = Graph.of(models)
    for model in graph.models.values():
        if model.name in TABLES:
            raise ModelError(f"{model.name} is a table of the lake's own.", "choose another name.")
        with _blamed(model.name):
            check_model(model, graph)
    column_types(graph)
    return graph


def live_graph(con: duckdb.DuckDBPyConnection) -> Graph:
    """The models that the lake's tables follow: their stored texts, whatever the installation holds by now."""
    return Graph.of(_stored_models(con, "state = 'live'"))


def shadow_graph(con: duckdb.DuckDBPyConnection) -> Graph:
    """The live models, but for those of which another generation is being built, or taken back: that one.

    A family of whose stored tables one is among these is as it is built: what it has live beside that goes with the
    swap, and so do views that read it.
    """
    made = {model.name: model for model in _stored_models(con, "state in ('building', 'returning')")}
    families = {model.family for model in made.values() if model.is_stored}
    models = dict(made)
    gone: set[str] = set()
    for model in live_graph(con).models.values():  # inputs first
        if model.name in made:
            continue
        if model.family in families or gone.intersection(model.inputs):
            gone.add(model.name)
        else:
            models[model.name] = model
    return Graph.of(models.values())


def _stored_models(con: duckdb.DuckDBPyConnection, condition: str) -> Iterator[Model]:
    rows = con.execute(
        "select table_name, folder, model, generation, state = 'live', coalesce(reader_schema, '') "
        f"from generations where {condition} "
        "order by table_name"
    ).fetchall()
    for name, folder, text, generation, is_live, reader in rows:
        model = parse_model(name, folder, text)
        yield replace(model, generation=generation, is_live=is_live, reader_schema=reader)


def stored_readers(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """By topic, the Avro schema by which the live staging table reads its records."""
    return {model.topic: model.reader_schema for model in live_graph(con).staging}


def live_tables(con: duckdb.DuckDBPyConnection, *names: str) -> list[str]:
    """The stored tables that stand behind the public names of models now, in their order."""
    rows = con.execute("select table_name, generation from generations where state = 'live'").fetchall()
    generations = dict(rows)
    return [f"{LAKE}.{name}__{generations.get(name, 1)}" for name in names]


def create_models(con: duckdb.DuckDBPyConnection, installed: Callable[[], Graph]) -> None:
    """Create the tables and views of all models and the heads of their families, in a lake that has none yet.

    A lake that has models keeps them as they were when their tables were made: what differs by now is for a plan
    to bring about (`pipeline.plan`). So `installed` is only asked for where there are none: to check all models takes
    a run that takes over half a second.
    """
    if not con.execute("select count(*) from generations").fetchall()[0][0]:
        graph = installed()
        with transaction(con):
            for model in graph.models.values():
                create_model(con, graph, model)
            for statement in property_macros(graph):
                con.execute(statement)
            record(con, list(graph.models.values()))
            insert_first_rows(con, _with_tables(graph))
    # A kill may have come in between.
    live = live_graph(con)
    if without_heads(con, live.families):
        remove_first_rows(con, _with_tables(live))
        pack(con, [model.table for model in live.staging])
    create_heads(con, live.families)


def _with_tables(graph: Graph) -> list[str]:
    return [model.table for model in graph.models.values() if model.kind == "staging" or model.is_stored]


def create_model(con: duckdb.DuckDBPyConnection, graph: Graph, model: Model) -> None:
    """Create the table of `model`, and the public view of a live one. Raises ModelError for lossy columns."""
    if model.kind == "staging":
        _create_staging(con, model)
    elif model.is_stored:
        _create_stored(con, graph, model)
    if model.is_live and model.kind != "staging":
        create_public_view(con, model)


def create_public_view(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Put the view under the public name of `model`, over whatever stands there."""
    con.execute(f"drop view if exists {model.name}")
    con.execute(public_view(model))
    comment(con, "view", model.name, model.description, {})


def record(con: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> None:
    """Note the generations of `models`."""
    rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, now() at time zone 'UTC')"] * len(models))
    values = [
        value
        for model in models
        for value in (
            model.name,
            model.generation,
            model.family,
            model.folder,
            model.text,
            (model.reader_schema or schema_text(model.topic)) if model.kind == "staging" else None,
            "live" if model.is_live else "building",
        )
    ]
    con.execute(f"insert into generations values {rows}", values)


def _create_staging(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    con.execute(staging_table(model))
    con.execute(f"alter table {model.table} set partitioned by (kafka_date)")
    texts = {name: text for name, (_, text) in staging_columns(model).items()}
    texts |= {column.name: column.description for column in model.columns}
    comment(con, "table", model.table, model.description, texts)


def _create_stored(con: duckdb.DuckDBPyConnection, graph: Graph, model: Model) -> None:
    con.execute(stored_table(graph, model))
    check_types(model, _described(con, model.table))
    if model.kind == "fold":
        apart, steps = with_casts_apart(model)
        if steps:
            check_casts(model, steps, _described(con, f"({slices.wrapped(graph, apart, _all_rows)})"))


def _described(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Types of the columns of a table or of a SELECT in brackets."""
    return {row[0]: row[1] for row in con.execute(f"describe from {source}").fetchall()}


def staging_columns(model: Model) -> dict[str, tuple[str, str]]:
    """The columns that every staging table of the topic's kind has besides its own: type and description."""
    is_table = topic(model.topic).kind == "table"
    return {**STAGING_COLUMNS, **(TABLE_TOPIC_COLUMNS if is_table else {})}


def staging_table(model: Model) -> str:
    """The statement that makes the empty staging table."""
    decoded = decoded_columns(topic(model.topic), model.reader_schema).items()
    empty = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in decoded)
    head = ", ".join(f"cast(null as {kind}) as {name}" for name, (kind, _) in staging_columns(model).items())
    return (
        f"create table {model.table} as with decoded as (select {empty}) select {head}, typed.* "
        f"from ({model.sql}) as typed limit 0"
    )


def stored_table(graph: Graph, model: Model) -> str:
    """The statement that makes the empty physical table of a stored model."""

    sign = f", cast(null as integer) as {SIGN_COLUMN}" if model.kind == "recompute" else ""
    return (
        f"create table {model.table} as select cast(null as bigint) as {COMMIT_COLUMN}{sign}, * "
        f"from ({slices.wrapped(graph, model, _all_rows)}) limit 0"
    )


def _all_rows(root: Model) -> str:
    if root.kind == "staging":
        return slices.staged_rows(f"{LAKE}.{root.table}", "true")
    return slices.whole_rows(root, f"{LAKE}.{root.table}")


def public_view(model: Model) -> str:
    """The statement that makes the view under the model's name. Names in it are bare, so that any alias of the
    lake will do."""
    if model.is_stored:
        return f"create view {model.name} as {slices.whole_rows(model, model.table)}"
    given = {STREAM_TIMES: stream_times(model.family), TOPIC_IDS: TOPIC_IDS_SQL}
    clauses = ", ".join(f"{name} as ({sql})" for name, sql in given.items() if name in model.inputs)
    return f"create view {model.name} as {f'with {clauses} ' if clauses else ''}select * from ({model.sql}\n)"


def column_types(graph: Graph) -> Mapping[str, Mapping[str, str]]:
    """DuckDB types of the columns of every model, by model and column; worked out on an empty DuckDB in memory.

    Raises ModelError for a model that DuckDB cannot bind (a column is not there, say), and for lossy columns.
    """
    return _column_types(tuple(graph.models.values()))


@lru_cache(maxsize=2)
def _column_types(models: tuple[Model, ...]) -> Mapping[str, Mapping[str, str]]:
    graph = Graph.of(models)
    found: dict[str, Mapping[str, str]] = {}
    with duckdb.connect() as con:
        con.execute(f"attach ':memory:' as {LAKE}")
        con.execute(f"use {LAKE}")
        for name in sorted(set(GIVEN.values())):
            create_table(con, name, TABLES[name][1], TABLES[name][0])
        for model in graph.models.values():
            with _blamed(model.name):
                if model.kind == "staging":
                    con.execute(staging_table(model))
                else:
                    if model.is_stored:
                        _create_stored(con, graph, model)
                    con.execute(public_view(model))
                found[model.name] = _described(con, model.name)
    return found
