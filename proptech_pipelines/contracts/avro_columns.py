"""The Arrow type of a column that holds an Avro type, at any depth."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

Json = Any
"""A value as json.loads gives it."""

PLAIN_TYPES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "enum": pa.string(),
    "fixed": pa.binary(),
}


def column_type(
    schema: Json, named: Mapping[str, Json], within: frozenset[str] = frozenset()
) -> pa.DataType | None:
    """The column type of `schema`, or None if no column can hold it.

    That is so for a union of more than one type beside null, a record that holds itself, one without fields, and
    one with two fields that differ in case alone. `named` are schemas by full name; `schema` is inside of the records
    `within`.
    """
    if isinstance(schema, list):
        branches = [item for item in schema if item != "null"]
        return column_type(branches[0], named, within) if len(branches) == 1 else None
    if isinstance(schema, str):
        return column_type(named[schema], named, within) if schema in named else PLAIN_TYPES.get(schema)
    kind = schema["type"]
    if kind == "array":
        items = column_type(schema["items"], named, within)
        return None if items is None else pa.list_(items)
    if kind == "map":
        values = column_type(schema["values"], named, within)
        return None if values is None else pa.map_(pa.string(), values)
    if kind == "record":
        return _record_type(schema, named, within)
    return PLAIN_TYPES.get(kind) if isinstance(kind, str) else column_type(kind, named, within)


def _record_type(schema: Json, named: Mapping[str, Json], within: frozenset[str]) -> pa.DataType | None:
    names = {item["name"].lower() for item in schema["fields"]}
    if schema["name"] in within or not names or len(names) < len(schema["fields"]):
        return None
    inner = within | {schema["name"]}
    kinds = [column_type(item["type"], named, inner) for item in schema["fields"]]
    if None in kinds:
        return None
    return pa.struct([(item["name"], kind) for item, kind in zip(schema["fields"], kinds, strict=True)])


def duckdb_type(kind: pa.DataType) -> str:
    """The DuckDB type of a column of Arrow type `kind`."""
    if pa.types.is_list(kind):
        return f"{duckdb_type(kind.value_type)}[]"
    if pa.types.is_map(kind):
        return f"MAP(VARCHAR, {duckdb_type(kind.item_type)})"
    if pa.types.is_struct(kind):
        return "STRUCT(" + ", ".join(f'"{item.name}" {duckdb_type(item.type)}' for item in kind.fields) + ")"
    return _DUCKDB_TYPES[kind]


_DUCKDB_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.null(): "INTEGER",
}
