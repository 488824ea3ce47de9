"""Which schema a staging table reads its records by: the widest that everyone agrees on. Pure."""

import json
from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa

from proptech_pipelines.contracts.avro_columns import is_name
from proptech_pipelines.contracts.avro_schema import Field, parse_record_schema
from proptech_pipelines.contracts.resolution import default_column
from proptech_pipelines.contracts.schema_changes import schema_changes
from proptech_pipelines.contracts.storable import json_storable
from proptech_pipelines.errors import ProptechError


def widest_reader(base: str, candidates: Iterable[str], reserved: Collection[str]) -> str:
    """`base` or, of `candidates`, the schema with the most fields that may stand in for it; the first of equals.

    It is of the same record, fully compatible with `base`, and has every field of it under the very same name: rules
    and event times look for them. A schema that somebody wrote a strange record with is therefore none. What no column
    can hold, or would bear one of the names `reserved`, is left out of it: such values stay in the log.
    """
    chosen = base
    for candidate in candidates:
        text = with_columns(candidate, reserved)
        if len(_names(text)) > len(_names(chosen)) and _may_stand_in(base, text):
            chosen = text
    return chosen


def new_fields(reader: str, seen: Collection[str]) -> list[tuple[Field, str]]:
    """Fields of `reader` that are not among `seen` (names in small letters), each with its documentation."""
    docs = [item.get("doc") for item in json.loads(reader)["fields"]]
    fields = zip(parse_record_schema(reader).fields, docs, strict=True)
    return [
        (item, doc.encode(errors="replace").decode() if isinstance(doc, str) else "")
        for item, doc in fields
        if item.name.lower() not in seen
    ]


def with_columns(text: str, reserved: Collection[str]) -> str:
    """The schema less the fields that no table could take beside those before them."""
    try:
        schema = json.loads(text)
        names = {item["name"].lower() for item in schema["fields"]} - set(reserved)
        if len(names) == len(schema["fields"]) and all(map(_is_held, parse_record_schema(text).fields)):
            return text
        kept: list[Any] = []
        for item in schema["fields"]:
            taken = {*reserved, *(other["name"].lower() for other in kept)}
            if item["name"].lower() not in taken and _has_column({**schema, "fields": [*kept, item]}):
                kept.append(item)
    except (ProptechError, ValueError, KeyError, TypeError, AttributeError):
        return text
    whole = len(kept) == len(schema["fields"])
    return text if whole else json_storable(json.dumps({**schema, "fields": kept}))


def _has_column(schema: dict[str, Any]) -> bool:
    """Whether a column can hold the last field. A type that went with another field is none."""
    try:
        return _is_held(parse_record_schema(json.dumps(schema)).fields[-1])
    except ProptechError:
        return False


def _is_held(field: Field) -> bool:
    """Whether a column can hold the field, and its default; of what is nested only defaults that hold nothing."""
    if field.type.arrow is None or not is_name(field.name):
        return False
    if not field.has_default:
        return True
    empty = [] if pa.types.is_list(field.type.arrow) else {}
    if pa.types.is_nested(field.type.arrow) and field.default is not None:
        return field.default == empty and not pa.types.is_struct(field.type.arrow)
    try:
        default_column(field, 1)
    except (pa.ArrowException, TypeError, ValueError, AttributeError):
        return False
    return True


def _may_stand_in(base: str, text: str) -> bool:
    try:
        changes = schema_changes(base, text)
    except (ProptechError, ValueError, KeyError, TypeError):
        return False
    before, after = json.loads(base), json.loads(text)
    kept = {item["name"] for item in before["fields"]} <= {item["name"] for item in after["fields"]}
    return kept and before["name"] == after["name"] and all(item.compatibility == "full" for item in changes)


def _names(text: str) -> set[str]:
    try:
        return {item["name"].lower() for item in json.loads(text)["fields"]}
    except (ValueError, KeyError, TypeError):
        return set()
