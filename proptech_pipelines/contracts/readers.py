"""Which schema a staging table reads its records by: the widest that everyone agrees on. Pure."""

import json
from collections.abc import Collection, Iterable

from proptech_pipelines.contracts.columns import column_type
from proptech_pipelines.contracts.schema_changes import schema_changes
from proptech_pipelines.errors import ProptechError


def widest_reader(base: str, needed: Collection[str], candidates: Iterable[str]) -> str:
    """`base` or, of `candidates`, the schema with the most fields that may stand in for it; the first of equals.

    It is of the same record, fully compatible with `base`, and has every field `needed` (names in small letters)
    that `base` has. A schema that somebody wrote a strange record with is therefore none.
    """
    chosen = base
    for text in candidates:
        if len(_names(text)) > len(_names(chosen)) and _may_stand_in(base, needed, text):
            chosen = text
    return chosen


def new_fields(reader: str, seen: Collection[str]) -> list[tuple[str, str]]:
    """Fields of `reader` that are not among `seen` (names in small letters) and that staging has a type for.

    Name and documentation, in the order of the schema.
    """
    return [
        (item["name"], item.get("doc", ""))
        for item in json.loads(reader)["fields"]
        if item["name"].lower() not in seen and _has_type(item)
    ]


def _may_stand_in(base: str, needed: Collection[str], text: str) -> bool:
    try:
        changes = schema_changes(base, text)
    except (ProptechError, ValueError, KeyError, TypeError):
        return False
    names = _names(text)
    same_record = json.loads(base)["name"] == json.loads(text)["name"]
    wanted = _names(base) & set(needed)
    return same_record and wanted <= names and all(item.compatibility == "full" for item in changes)


def _names(text: str) -> set[str]:
    try:
        return {item["name"].lower() for item in json.loads(text)["fields"]}
    except (ValueError, KeyError, TypeError):
        return set()


def _has_type(item: dict[str, object]) -> bool:
    try:
        column_type(str(item["name"]), item["type"])
    except ProptechError:
        return False
    return True
