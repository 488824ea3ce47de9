"""The Arrow type of a column that holds an Avro type, at any depth."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

Json = Any
"""A value as json.loads gives it."""

_MOST_PARTS = 1_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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


def is_name(text: str) -> bool:
    """Whether `text` is a name by Avro's rule, which not every registry enforces."""
    return _NAME.fullmatch(text) is not None


def column_type(schema: Json, named: Mapping[str, Json]) -> pa.DataType | None:
    """The column type of `schema`, or None if no column can hold it.

    That is so for a union of more than one type beside null, a record that holds itself, one without fields, one
    with two fields that differ in case alone or with a name that is none, and for more than `_MOST_PARTS` types in
    all. `named` are schemas by full name.
    """
    return _ColumnType(named).of(schema, frozenset())


class _ColumnType:
    """One look at a type, which may take so many parts: types that are named may hold each other many times."""

    def __init__(self, named: Mapping[str, Json]) -> None:
        self._named = named
        self._parts = 0

    def of(self, schema: Json, within: frozenset[str]) -> pa.DataType | None:
        """The type of `schema`, which is inside of the records `within`."""
        self._parts += 1
        if self._parts > _MOST_PARTS:
            return None
        if isinstance(schema, list):
            branches = [item for item in schema if item != "null"]
            return self.of(branches[0], within) if len(branches) == 1 else None
        if isinstance(schema, str):
            return self.of(self._named[schema], within) if schema in self._named else PLAIN_TYPES.get(schema)
        return self._of_object(schema, within)

    def _of_object(self, schema: Json, within: frozenset[str]) -> pa.DataType | None:
        kind = schema["type"]
        if kind == "array":
            items = self.of(schema["items"], within)
            return None if items is None else pa.list_(items)
        if kind == "map":
            values = self.of(schema["values"], within)
            return None if values is None else pa.map_(pa.string(), values)
        if kind == "record":
            return self._of_record(schema, within)
        return PLAIN_TYPES.get(kind) if isinstance(kind, str) else self.of(kind, within)

    def _of_record(self, schema: Json, within: frozenset[str]) -> pa.DataType | None:
        names = [item["name"] for item in schema["fields"]]
        if schema["name"] in within or not names or len({name.lower() for name in names}) < len(names):
            return None
        fields: list[tuple[str, pa.DataType]] = []
        for item in schema["fields"]:
            kind = self.of(item["type"], within | {schema["name"]})
            if kind is None or not is_name(item["name"]):
                return None
            fields.append((item["name"], kind))
        return pa.struct(fields)


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
