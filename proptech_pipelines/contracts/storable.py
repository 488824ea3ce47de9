"""Texts that the lake cannot keep.

The lake's catalog keeps the least and the greatest text of each column of a data file, and puts both, and texts that a
query compares with, into SQL of its own. DuckLake fills in its placeholders there, such as `{DATA_PATH}`, also where
they are a part of a text, and a U+0000 ends the text. One such record would make every commit fail, or a query find
too little.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from proptech_pipelines.contracts.decoded import Flags, column_of, rows_with

_UNSTORABLE = re.compile(r"\x00|\{(?=[A-Z_]+\})")
_RE2 = r"\x00|\{[A-Z_]+\}"
"""The same for Arrow, whose expressions look at nothing ahead."""


def storable(text: str) -> str:
    """`text` with what cannot be kept made harmless, for texts that must be kept in any case."""
    return _UNSTORABLE.sub(lambda found: "\ufffd" if found[0] == "\x00" else "{ ", text)


def json_storable(text: str) -> str:
    """The JSON `text`, written so that it can be kept and means the same: a brace inside of it is escaped."""
    return _UNSTORABLE.sub(r"\\u007b", text)


def unstorable(table: pa.Table) -> dict[int, str]:
    """The rows with a text that cannot be kept, ascending, and the first column of each that holds one."""
    found: dict[int, str] = {}
    for name in table.column_names:
        flags = _flags(column_of(table, name))
        for row in [] if flags is None else np.flatnonzero(flags).tolist():
            found.setdefault(row, name)
    return dict(sorted(found.items()))


def with_storable_texts(table: pa.Table) -> pa.Table:
    """`table`, every text in it made `storable`."""
    for place, name in enumerate(table.column_names):
        column = column_of(table, name)
        if _flags(column) is not None:
            values = [_storable_value(value) for value in column.to_pylist()]
            table = table.set_column(place, table.field(place), pa.array(values, column.type))
    return table


def _flags(column: pa.Array) -> Flags | None:
    """Which values hold such a text, at any depth; None if none does, which is quick to see."""
    kind = column.type
    if pa.types.is_string(kind):
        return _text_flags(column)
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        entries = (
            column.cast(pa.list_(pa.struct([kind.key_field, kind.item_field])))
            if pa.types.is_map(kind)
            else column
        )
        inner = _flags(entries.flatten())
        return None if inner is None else rows_with(entries, inner)
    if pa.types.is_struct(kind):
        inner = [flags for child in column.flatten() if (flags := _flags(child)) is not None]
        return np.logical_or.reduce(inner) if inner else None
    return None


def _text_flags(column: pa.Array) -> Flags | None:
    texts = column.buffers()[2]
    data = b"" if texts is None else texts.to_pybytes()
    if b"\0" not in data and b"{" not in data:
        return None
    found = pc.call_function("match_substring_regex", [column], pc.MatchSubstringOptions(_RE2))
    flags = found.to_numpy(zero_copy_only=False) == True  # noqa: E712 - null is no match
    return flags if flags.any() else None


def _storable_value(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {name: _storable_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_storable_value(item) for item in value)
    return value
