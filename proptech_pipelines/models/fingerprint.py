"""Fingerprints: what a table's rows depend on besides the log, in one hash.

A fingerprint covers the SQL as parsed, the header, for staging the reader schema's fields that it sees, and
the parents' fingerprints. Layout, comments, descriptions, the folder and the case of keywords do not count.
Identifiers count as they are written: another case is another fingerprint, at worst for nothing.

Two tables of one fingerprint have the same rows at the same cut. The converse does not hold: what a change
means for the tables below is told by `models.changes`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields
from typing import Any, cast

import sqlglot
from sqlglot import exp

from proptech_pipelines.contracts.topics import schema_text, topic
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model, parse_select

COSMETIC_FIELDS = frozenset(
    {"description", "folder", "text", "generation", "is_live", "reader_schema", "every_seconds"}
)
"""Fields of Model on which no row depends."""
_ELSEWHERE = frozenset({"sql", "columns", "inputs"})
"""Fields of Model that follow from the SQL."""

_HOLDS_TYPES = frozenset({"type", "items", "values", "fields"})
Json = Any
"""A value as json.loads gives it."""
Readers = Mapping[str, str]
"""By topic, the text of the Avro schema by which staging reads its records."""


def newest_readers(graph: Graph) -> Readers:
    """The schema by which each topic of `graph` is read: its staging model's, or the newest in this package."""
    return {model.topic: model.reader_schema or schema_text(model.topic) for model in graph.staging}


def fingerprints(graph: Graph, readers: Readers) -> dict[str, str]:
    """Of each table of `graph` the fingerprint: 64 hexadecimal digits, the same in any process.

    `readers` has an entry for the topic of every staging model; a KeyError names a missing one.
    """
    found: dict[str, str] = {}
    for model in graph.models.values():  # inputs first
        content: dict[str, Any] = {
            "sql": canonical(parse_select(model.name, model.sql)),
            "header": header_fields(model),
            "parents": {name: found.get(name, name) for name in model.inputs},
        }
        if model.kind == "staging":
            content["reader"] = seen_fields(model, readers[model.topic])
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        found[model.name] = hashlib.sha256(text.encode()).hexdigest()
    return found


def canonical(tree: exp.Expr | None) -> str:
    """One spelling of parsed SQL: without comments, on one line, keywords in capitals."""
    return "" if tree is None else tree.sql("duckdb", comments=False)


def header_fields(model: Model) -> dict[str, Any]:
    """The header of `model` as it counts: the fields that differ from their defaults.

    A field that a later version adds therefore changes no fingerprint of a model that does without it.
    """
    counted = {
        item.name: getattr(model, item.name)
        for item in fields(Model)
        if item.name not in COSMETIC_FIELDS | _ELSEWHERE
        and (_has_no_default(item) or getattr(model, item.name) != item.default)
    }
    if model.conserves is not None:
        counted["conserves"] = asdict(model.conserves)
    if model.reach:
        counted["reach"] = sorted(model.reach)
    if model.reads:
        counted["reads"] = [canonical(sqlglot.parse_one(text, read="duckdb")) for text in model.reads]
    return counted


def _has_no_default(item: "Field[Any]") -> bool:
    return item.default is MISSING


def seen_names(model: Model) -> frozenset[str]:
    """The names of Avro fields, in small letters, that a staging model depends on: those in its SQL and the event time.

    `*` among them stands for all.

    Its rows also depend on what other fields do to a record (one that is too long kills it); that is settled
    when the record is staged, by the schema that the generation keeps.
    """
    tree = parse_select(model.name, model.sql)
    # A part of a record, `agent.name`, is a column `name` of a table `agent` to the parser.
    columns = list(tree.find_all(exp.Column))
    named = {column.name.lower() for column in columns}
    named |= {part.name.lower() for column in columns for part in column.parts[:-1]} - {"decoded"}
    if tree.find(exp.Star, exp.Columns) or "decoded" in named:
        named.add("*")
    return frozenset(named | {topic(model.topic).event_time.lower()})


def seen_fields(model: Model, reader: str) -> list[Any]:
    """The fields of the schema `reader` that a staging model sees, by name, without documentation.

    The order of fields does not count, for they are read by name.
    """
    schema = json.loads(reader)
    names = seen_names(model)
    seen = [item for item in schema["fields"] if "*" in names or item["name"].lower() in names]
    return sorted((_without_docs(item) for item in seen), key=lambda item: item["name"])


def _without_docs(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_without_docs(item) for item in cast("list[Json]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Json] = {
        key: item for key, item in cast("dict[str, Json]", schema).items() if key != "doc"
    }
    return {key: _without_docs(item) if key in _HOLDS_TYPES else item for key, item in kept.items()}
