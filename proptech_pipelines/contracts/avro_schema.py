"""Avro schemas as the decoders need them: a record of fields, each plain or not.

Logical types are taken off before anything is decoded, so a timestamp stays a long of milliseconds. They are
remembered per field, because two different ones do not resolve.

A *plain* type can be decoded column by column: a primitive, an enum, an array of strings, or a union of null
and one of these. A record is plain when all its fields are. Anything else (maps, nested records, fixed,
wider unions) takes the careful way.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import fastavro
import pyarrow as pa

from proptech_pipelines.contracts.avro_columns import Json, column_type
from proptech_pipelines.errors import IncompatibleSchema, SchemaNotAvro

Primitive = Literal["null", "boolean", "int", "long", "float", "double", "string", "bytes"]
Kind = Primitive | Literal["enum", "array", "other"]

PRIMITIVES = frozenset(get_args(Primitive))
_MOST_LEVELS = 128
"""Of JSON; decoders go down a schema call by call."""


@dataclass(frozen=True)
class FieldType:
    """The type of a field. `kind` is that of the value beside null; "other" is not plain."""

    kind: Kind
    null_branch: int | None = None
    """Position of null in a union of two, None where the type is no union."""
    symbols: tuple[str, ...] = ()
    enum_default: str | None = None
    enum_names: tuple[str, ...] = ()
    """An enum's unqualified name, then its aliases, unqualified."""
    logical_type: str | None = None
    arrow: pa.DataType | None = None
    """The type of its column, None if no column can hold it."""

    @property
    def is_nullable(self) -> bool:
        """Whether a value may be null."""
        return self.null_branch is not None or self.kind == "null"


@dataclass(frozen=True)
class Field:
    """A field of a record. `default` is JSON and counts only with `has_default`."""

    name: str
    type: FieldType
    aliases: tuple[str, ...] = ()
    has_default: bool = False
    default: Json = None


@dataclass(frozen=True, eq=False)
class RecordSchema:
    """A record schema. `parsed` is fastavro's form of it, without logical types."""

    name: str
    """Without its namespace."""
    aliases: tuple[str, ...]
    fields: tuple[Field, ...]
    parsed: dict[str, Json]

    @property
    def is_plain(self) -> bool:
        """Whether all its fields can be decoded column by column."""
        return all(item.type.kind != "other" for item in self.fields)

    @property
    def has_columns(self) -> bool:
        """Whether columns can hold all its fields. Plain ones can."""
        return all(item.type.arrow is not None for item in self.fields)

    def arrow_schema(self) -> pa.Schema:
        """The columns of its fields, which must have some."""
        return pa.schema([(item.name, item.type.arrow) for item in self.fields])


@lru_cache(maxsize=4096)
def parse_record_schema(text: str) -> RecordSchema:
    """Parse the schema of a record.

    Raises SchemaNotAvro for a text that is no Avro schema, IncompatibleSchema for Avro that is not a record.
    """
    try:
        schema = json.loads(text)
        _require_sound(schema)
        parsed = fastavro.parse_schema(_without_logical_types(schema))
        if isinstance(schema, dict) and schema.get("type") == "record":
            return _record_schema(schema, parsed)
    except Exception as error:  # fastavro raises whatever comes to hand on what is no schema
        raise SchemaNotAvro(
            f"The schema {text[:60]!r} is not Avro ({error}).", "register the topic's Avro schema."
        ) from error
    raise IncompatibleSchema(f"The schema {text[:60]!r} is not a record.", "write the topic's record.")


def _record_schema(schema: Json, parsed: Json) -> RecordSchema:
    names = [item["name"] for item in parsed["fields"]]
    if len(set(names)) < len(names):
        raise ValueError("two fields bear one name")
    fields = tuple(
        Field(
            name=item["name"],
            type=_field_type(item["type"], parsed["__named_schemas"], _logical_type(original["type"])),
            aliases=tuple(item.get("aliases", ())),
            has_default="default" in item,
            default=item.get("default"),
        )
        for item, original in zip(parsed["fields"], schema.get("fields", ()), strict=True)
    )
    return RecordSchema(_last(parsed["name"]), _unqualified(parsed), fields, parsed)


def _require_sound(schema: Json) -> None:
    """Raise ValueError for what fastavro lets through although no decoder can take it."""
    level = [schema]
    for _ in range(_MOST_LEVELS):
        parts = [part for part in level if isinstance(part, dict)]
        for part in parts:
            # Names become columns: half of a surrogate pair is no text.
            json.dumps([part.get("name"), part.get("symbols")], ensure_ascii=False).encode()
            if part.get("type") == "fixed" and not _is_size(part.get("size")):
                raise ValueError("the size of a fixed type is no number")
        level = [item for part in parts for item in part.values()] + [
            item for part in level if isinstance(part, list) for item in part
        ]
        if not level:
            return
    raise ValueError(f"it is nested more than {_MOST_LEVELS} levels deep")


def _is_size(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _without_logical_types(schema: Json) -> Json:
    """The schema without logical types; a type that is wrapped twice (`{"type": {...}}`) is unwrapped."""
    if isinstance(schema, list):
        return [_without_logical_types(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("type"), dict | list):
        return _without_logical_types(schema["type"])
    kept = {key: value for key, value in schema.items() if key != "logicalType"}
    for key in ("items", "values"):
        if key in kept:
            kept[key] = _without_logical_types(kept[key])
    if "fields" in kept:
        kept["fields"] = [{**item, "type": _without_logical_types(item["type"])} for item in kept["fields"]]
    return kept


def _logical_type(schema: Json) -> str | None:
    """The logical type of a type or of the one branch of a union that has one."""
    if isinstance(schema, list):
        found = [name for name in map(_logical_type, schema) if name is not None]
        return found[0] if len(found) == 1 else None
    if not isinstance(schema, dict):
        return None
    if isinstance(schema.get("type"), dict | list):
        return _logical_type(schema["type"])
    name = schema.get("logicalType")
    return name if isinstance(name, str) else None


def _field_type(schema: Json, named: dict[str, Json], logical_type: str | None) -> FieldType:
    arrow = pa.null() if schema == "null" else column_type(schema, named)
    null_branch = None
    if isinstance(schema, list):
        if len(schema) != 2 or schema.count("null") != 1:
            return FieldType("other", arrow=arrow)
        null_branch = schema.index("null")
        schema = schema[1 - null_branch]
    if isinstance(schema, str):
        schema = named.get(schema, {"type": schema})
    kind = schema["type"]
    if kind == "enum":
        return FieldType(
            "enum",
            null_branch,
            tuple(schema["symbols"]),
            schema.get("default"),
            (_last(schema["name"]), *_unqualified(schema)),
            logical_type,
            arrow,
        )
    if kind in PRIMITIVES or (kind == "array" and _is_string(schema["items"])):
        return FieldType(kind, null_branch, logical_type=logical_type, arrow=arrow)
    return FieldType("other", null_branch, logical_type=logical_type, arrow=arrow)


def _is_string(schema: Json) -> bool:
    return schema == "string" or (isinstance(schema, dict) and schema.get("type") == "string")


def _unqualified(schema: dict[str, Json]) -> tuple[str, ...]:
    return tuple(_last(alias) for alias in schema.get("aliases", ()))


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
