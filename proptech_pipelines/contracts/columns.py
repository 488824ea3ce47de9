"""DuckDB types of decoded Avro records, for the staging models to read."""

import json
from typing import Any

from proptech_pipelines.contracts.topics import Topic, schema_fields
from proptech_pipelines.errors import IncompatibleSchema

_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "bytes": "BLOB",
}


def decoded_columns(topic: Topic, reader: str = "") -> dict[str, str]:
    """DuckDB type of each Avro field of the schema `reader`, or else the topic's newest one, by field name.

    Raises IncompatibleSchema for a type that staging has no column type for.
    """
    fields = json.loads(reader)["fields"] if reader else schema_fields(topic.name).values()
    return {item["name"]: column_type(item["name"], item["type"]) for item in fields}


def column_type(name: str, kind: Any) -> str:
    """DuckDB type of field `name` of Avro type `kind`. Raises IncompatibleSchema if staging has none for it."""
    if isinstance(kind, list):
        branches = [item for item in kind if item != "null"]
        if len(branches) == 1:
            return column_type(name, branches[0])
    elif isinstance(kind, dict):
        if kind["type"] == "enum":
            return "VARCHAR"
        if kind["type"] == "array":
            return column_type(name, kind["items"]) + "[]"
        return column_type(name, kind["type"])
    elif kind in _TYPES:
        return _TYPES[kind]
    raise IncompatibleSchema(
        f"Field {name} has type {kind}, which staging has no column for.", "flatten the field."
    )
