"""What a change of models means for stored tables: cosmetic, additive or breaking, with the reason in words.

- **cosmetic**: only people see it (comments, descriptions, layout). Nothing is built.
- **additive**: a new table, or new columns beside columns and rows that stay as they are. Is built by itself.
- **breaking**: existing rows or columns may differ, or are gone. Is built when somebody approves.

What hangs on a changed table is named too. A table below an additive change that reads none of the new columns
keeps its rows and columns, although its fingerprint is another. In doubt a change is breaking.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import sqlglot

from proptech_pipelines.contracts.schema_changes import schema_changes
from proptech_pipelines.models.fingerprint import Readers, header_fields, seen_names
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model, parse_select
from proptech_pipelines.models.names import names_read, outer_star
from proptech_pipelines.models.select_changes import (
    affected_by,
    compare_selects,
    depends_on_column_set,
    names_that_capture,
)

Level = Literal["none", "cosmetic", "additive", "breaking"]
_ORDER: tuple[Level, ...] = ("none", "cosmetic", "additive", "breaking")


@dataclass(frozen=True)
class ColumnChange:
    """A column that is new, gone or filled in another way."""

    column: str
    level: Level
    reason: str


@dataclass(frozen=True)
class TableChange:
    """What happens to one table. `level` counts its own change and what it inherits."""

    table: str
    level: Level
    reasons: tuple[str, ...]
    """Of the table as a whole: what its rows depend on."""
    columns: tuple[ColumnChange, ...]
    rows_change: bool = False
    """Whether existing rows may differ beyond `columns`, or be more or fewer."""

    @property
    def must_be_built(self) -> bool:
        """Whether what is stored by now is not what the checkout means. False for a table that is gone."""
        return self.level in ("additive", "breaking") and self.reasons != (_GONE,)


_GONE = "the table is removed"


@dataclass
class _Found:
    """A table's change while it is worked out."""

    model: Model
    rows: list[str] = field(default_factory=list[str])
    """Why existing rows may differ."""
    notes: list[str] = field(default_factory=list[str])
    """What else is to be said of the table."""
    columns: dict[str, ColumnChange] = field(default_factory=dict[str, ColumnChange])
    added: list[str] = field(default_factory=list[str])
    """Which of the columns did not exist before."""
    is_new: bool = False
    is_cosmetic: bool = False

    @property
    def is_change(self) -> bool:
        """Whether readers of the table may see something of it."""
        return bool(self.rows or self.columns)

    def column(self, name: str, level: Level, reason: str) -> None:
        """Note a column; the graver of two changes of one column stays."""
        known = self.columns.get(name)
        if known is None or _ORDER.index(level) > _ORDER.index(known.level):
            self.columns[name] = ColumnChange(name, level, reason)

    def result(self) -> TableChange:
        """As the caller sees it."""
        levels: list[Level] = ["none", *(item.level for item in self.columns.values())]
        flagged: list[tuple[bool, Level]] = [
            (bool(self.rows), "breaking"),
            (self.is_new, "additive"),
            (self.is_cosmetic, "cosmetic"),
        ]
        levels.extend(level for holds, level in flagged if holds)
        level = _ORDER[max(_ORDER.index(item) for item in levels)]
        return TableChange(
            self.model.name,
            level,
            (*self.rows, *self.notes),
            tuple(self.columns.values()),
            bool(self.rows),
        )


def table_changes(
    stored: Graph, stored_readers: Readers, checkout: Graph, checkout_readers: Readers
) -> tuple[TableChange, ...]:
    """What it means to go from the models of `stored` to those of `checkout`: inputs first, removed tables last.

    Tables that neither differ nor read, directly or through others, one that changed are left out. The readers
    give the Avro schema of every staging model's topic; a KeyError names a missing one.
    """
    found: dict[str, _Found] = {}
    for model in checkout.models.values():
        old = stored.models.get(model.name)
        if old is None:
            found[model.name] = _Found(model, notes=["the table is new"], is_new=True)
            continue
        change = _own_change(old, model)
        if model.kind == "staging" and old.kind == "staging":
            _read_differently(change, old, stored_readers[old.topic], checkout_readers[model.topic])
        _spread_within(change, old)
        for parent in old.inputs:
            if parent in found:
                _inherit(change, old, found[parent])
        if change.is_change or change.notes or change.is_cosmetic:
            found[model.name] = change
    gone = [name for name in stored.models if name not in checkout.models]
    return (
        *(change.result() for change in found.values()),
        *(TableChange(name, "breaking", (_GONE,), (), rows_change=True) for name in gone),
    )


def _own_change(old: Model, new: Model) -> _Found:
    found = _Found(new)
    if (old.text, old.sql, old.folder) == (new.text, new.sql, new.folder):
        return found
    before, after = header_fields(old), header_fields(new)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            found.rows.append(f"{name} in the header was {_shown(before, name)} and is {_shown(after, name)}")
    selects = compare_selects(parse_select(old.name, old.sql), parse_select(new.name, new.sql))
    found.rows += selects.rows
    for name in selects.removed:
        found.column(name, "breaking", "the column is removed")
    for name, reason in selects.changed.items():
        found.column(name, "breaking", reason)
    for name in selects.added:
        found.column(name, "additive", "the column is new")
    found.added += selects.added
    found.is_cosmetic = (old.text, old.folder) != (new.text, new.folder)
    return found


def _read_differently(found: _Found, old: Model, before: str, after: str) -> None:
    """What a change of the topic's Avro schema does to the columns of its staging table."""
    seen, tree = seen_names(old), parse_select(old.name, old.sql)
    for change in schema_changes(before, after):
        avro_field = change.field.lower()
        if change.kind in ("doc", "moved") or not ({avro_field, "*"} & seen):
            continue
        rows, columns = affected_by(tree, [avro_field])
        level: Level = "additive" if change.kind == "added" else "breaking"
        if rows or not columns:
            found.rows.append(change.sentence)
        for name in columns:
            found.column(name, level, change.sentence)


def _spread_within(found: _Found, old: Model) -> None:
    """Columns that are computed from the table's own changed columns, by their names."""
    changed = [name for name in found.columns if name not in found.added]
    if not changed:
        return
    rows, columns = affected_by(parse_select(old.name, old.sql), changed)
    names = ", ".join(changed)
    if rows and not found.rows:
        found.rows.append(f"rows may depend on {names}")
    for name in columns:
        found.column(name, "breaking", f"it may be computed from {names}")


def _inherit(found: _Found, old: Model, parent: _Found) -> None:
    """What a change of `parent` means for a table that reads it."""
    above = parent.model.name
    if parent.rows:
        found.rows.append(f"it reads {above}, whose rows change")
        return
    if parent.is_new or not parent.is_change:
        if parent.notes:
            found.notes.append(f"it reads {above}, which keeps its rows and columns")
        return
    before = len(found.rows), len(found.columns)
    _inherit_columns(found, old, parent)
    if parent.added:
        _inherit_new_columns(found, old, above, parent.added)
    if (len(found.rows), len(found.columns)) == before:
        found.notes.append(f"it reads nothing that changes in {above}")


def _inherit_columns(found: _Found, old: Model, parent: _Found) -> None:
    """Columns of the parent that hold other values, or are gone."""
    tree, header = parse_select(old.name, old.sql), _named_in_header(old)
    for change in parent.columns.values():
        if change.column in parent.added:
            continue
        rows, columns = affected_by(tree, [change.column])
        source = f"{parent.model.name}.{change.column}"
        if rows or change.column.lower() in header:
            found.rows.append(f"its rows depend on {source}, which changes")
        if outer_star(tree):
            columns.add(change.column)
        for name in sorted(columns):
            found.column(name, change.level, f"it is computed from {source}, which changes")


def _inherit_new_columns(found: _Found, old: Model, above: str, added: Iterable[str]) -> None:
    tree = parse_select(old.name, old.sql)
    taken = names_that_capture(tree) | _named_in_header(old)
    for name in added:
        if depends_on_column_set(tree):
            found.rows.append(f"its rows depend on which columns {above} has, and {name} is new there")
        elif name.lower() in taken:
            found.rows.append(f"it uses the name {name} already, which is new in {above}")
        elif outer_star(tree):
            found.column(name, "additive", f"it takes all columns of {above}, where it is new")
            found.added.append(name)


def _named_in_header(model: Model) -> frozenset[str]:
    """Columns, in small letters, by which the engine groups, orders or leaves out rows of its inputs."""
    names = {*model.key, *model.identity, model.time, model.moment, model.day_of}
    read = (names_read(sqlglot.parse_one(text, read="duckdb")) for text in model.reads)
    return frozenset(name.lower() for name in names if name).union(*read)


def _shown(fields: Mapping[str, object], name: str) -> str:
    return repr(fields[name]) if name in fields else "not given"
