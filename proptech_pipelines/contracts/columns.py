"""DuckDB types of decoded Avro records, for the staging models to read."""

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


def decoded_columns(topic: Topic) -> dict[str, str]:
    """DuckDB type of each Avro field of the topic's newest schema, by field name.

    Raises IncompatibleSchema for a type that staging has no column type for.
    """
    return {name: _type_of(name, item["type"]) for name, item in schema_fields(topic.name).items()}


def _type_of(name: str, kind: Any) -> str:
    if isinstance(kind, list):
        branches = [item for item in kind if item != "null"]
        if len(branches) == 1:
            return _type_of(name, branches[0])
    elif isinstance(kind, dict):
        if kind["type"] == "enum":
            return "VARCHAR"
        if kind["type"] == "array":
            return _type_of(name, kind["items"]) + "[]"
        return _type_of(name, kind["type"])
    elif kind in _TYPES:
        return _TYPES[kind]
    raise IncompatibleSchema(
        f"Field {name} has type {kind}, which staging has no column for.", "flatten the field."
    )
