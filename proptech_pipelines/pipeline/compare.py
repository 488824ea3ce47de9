"""Derives days of a family's tables from the log again, through the same models, and compares: nothing is changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from proptech_pipelines.engines.readmitted import readmissions_in, taken_off
from proptech_pipelines.engines.session import Session
from proptech_pipelines.engines.settled import due_before, piece_bounds, settled_rows
from proptech_pipelines.lake.connection import Connection, quoted, scalar
from proptech_pipelines.lake.transactions import snapshot
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, Model
from proptech_pipelines.pipeline.advance import FamilyPosition, family_position

Key = tuple[tuple[str, str], ...]
"""Columns and the value that each must have; empty is any row."""


@dataclass(frozen=True)
class Days:
    """The days [start, end), UTC."""

    start: date
    end: date


@dataclass(frozen=True)
class Derived:
    """A stored table derived again: rows by the log, and rows in which the stored ones differed from that.

    `days` are the days, UTC, on which they differed, ascending.
    """

    table: str
    rows: int
    missing: int
    surplus: int
    days: tuple[date, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the stored rows were not those of the log."""
        return bool(self.missing or self.surplus)


def compare_days(
    con: Connection, graph: Graph, family: str, days: Days | None, key: Key = ()
) -> list[Derived]:
    """Derive the stored tables of `family` from the log at its own cut and compare; nothing is changed.

    `days` None means all of them. With a `key` only tables are derived whose rows can be told apart by it
    (`key_columns`), and of these the rows that have it. The derived rows stay in temporary tables `derived_<table>`,
    the stored ones in `stored_<table>`, those in which they differ in `missing_<table>` and `surplus_<table>`.
    """
    with snapshot(con):
        return derive(con, graph, family, family_position(con, family), days, key)


def derive(
    con: Connection, graph: Graph, family: str, position: FamilyPosition, days: Days | None, key: Key
) -> list[Derived]:
    """As `compare_days`, inside the caller's snapshot, in which `family` stands at `position`."""
    return [
        _derive(con, graph, model, position, days, key)
        for model in graph.stored(family)
        if _is_keyed(graph, model, key)
    ]


def rows_by_log(
    session: Session, model: Model, position: FamilyPosition, days: Days | None, stored: slices.Leaf
) -> str:
    """The rows of a stored model by the log at `position`, those of `days` among them, as a SELECT.

    `stored` gives the rows of the stored models that it reads.
    """
    part = slices.Slice(0, position.input_commit)
    graph = session.graph

    def leaf(root: Model) -> str:
        if root.kind == "staging":
            return session.staged(root, _near(model, days, part))
        if model.kind == "settled" and readmissions_in(session, root, part):
            # What is decided leaves re-admissions out, of which the stored rows say nothing any more.
            return f"select * from ({slices.wrapped(graph, root, leaf)})"
        return stored(root)

    if model.kind == "settled":
        due = due_before(session, model, position.input_commit)
        bounds = (
            piece_bounds(session, model, position.input_commit, None, due) if days is None else [None, due]
        )
        return settled_rows(graph, model, leaf, bounds)
    return slices.wrapped(graph, model, leaf, direct=taken_off(session, model, position.input_commit))


def _derive(
    con: Connection, graph: Graph, model: Model, position: FamilyPosition, days: Days | None, key: Key
) -> Derived:
    at_cut = f"{COMMIT_COLUMN} <= {position.commit_number}"

    def stored(root: Model) -> str:
        derived = f"select * from derived_{root.name}"
        if not key and (days is None or model.day_of in model.key):
            return derived
        # Other rows matter too; they count as they are stored.
        whole = slices.whole_rows(root, f"lake.{root.table}", at_cut)
        if not _is_keyed(graph, root, key):
            return whole
        return f"{derived} union all select * from ({whole}) where ({chosen(root, days, key)}) is not true"

    condition = chosen(model, days, key)
    session = Session(con, graph, model.family)
    rows = rows_by_log(session, model, position, days, stored)
    columns, derived, kept = model.column_names, f"derived_{model.name}", f"stored_{model.name}"
    temporary(con, derived, f"select * from ({rows}) where {condition}")
    temporary(con, kept, slices.whole_rows(model, f"lake.{model.table}", f"{at_cut} and {condition}"))
    temporary(con, f"missing_{model.name}", except_all(columns, derived, kept))
    temporary(con, f"surplus_{model.name}", except_all(columns, kept, derived))
    differing = con.execute(
        f"select distinct cast({model.day_of} as date) as day from (select {model.day_of} from missing_{model.name} "
        f"union all select {model.day_of} from surplus_{model.name}) order by day"
    ).fetchall()
    number, missing, surplus = (
        scalar(con, f"select count(*) from {name}_{model.name}") for name in ("derived", "missing", "surplus")
    )
    if model.kind == "recompute":
        rows = f"select * from {derived}"
        if unit_condition(model, days, key) != condition:
            # Rows of these units on other days read what is near to those.
            rows = rows_by_log(session, model, position, None, stored)
        _keep_units(con, model, rows if missing or surplus else f"select * from {derived} limit 0")
    return Derived(model.name, number, missing, surplus, tuple(row[0] for row in differing))


def _keep_units(con: Connection, model: Model, rows: str) -> None:
    """Put the units of a recomputed model that differ into `keys_<model>`, and all their `rows` into `whole_<model>`:
    of those with a row on other days these, too."""
    name, unit = model.name, ", ".join(model.unit)
    temporary(
        con, f"keys_{name}", f"select {unit} from missing_{name} union select {unit} from surplus_{name}"
    )
    temporary(
        con,
        f"whole_{name}",
        f"select r.* from ({rows}) as r semi join keys_{name} as k on {slices.same('r', 'k', model.unit)}",
    )


def _near(model: Model, days: Days | None, part: slices.Slice) -> str:
    """Rows of the pinned cut; by event time where the model says how near that is to its day, to leave files out."""
    if days is None or not model.reach_days:
        return part.where()
    reach = f"interval {model.reach_days} day"
    return (
        f"{part.where()} and event_time >= timestamp '{days.start}' - {reach} "
        f"and event_time < timestamp '{days.end}' + {reach}"
    )


def sums(found: Iterable[Derived]) -> list[Derived]:
    """What was found in each table, however often; one that comes again counts again."""
    tables: dict[str, list[Derived]] = {}
    for item in found:
        tables.setdefault(item.table, []).append(item)
    return [
        Derived(
            name,
            sum(item.rows for item in items),
            sum(item.missing for item in items),
            sum(item.surplus for item in items),
            tuple(sorted({day for item in items for day in item.days})),
        )
        for name, items in tables.items()
    ]


def key_columns(graph: Graph, model: Model) -> set[str]:
    """The columns of a stored model by whose values its rows can be derived apart from others.

    Of an append or settled table each row stands for itself; what is grouped can be told apart by its key alone, what
    is computed for driver rows by a column of theirs.
    """
    columns = set(model.column_names)
    if model.kind == "fold":
        return columns & set(graph.folds[model.name].keys)
    if model.driver:
        return columns & set(graph[model.driver].column_names)
    return columns & set(model.key) if model.kind == "recompute" else columns


def _is_keyed(graph: Graph, model: Model, key: Key) -> bool:
    return {column for column, _ in key} <= key_columns(graph, model)


def chosen(model: Model, days: Days | None, key: Key = ()) -> str:
    """The condition that a row of `model` lies on `days` (None is any day) and has `key`."""
    found = [f"{column} = '{quoted(value)}'" for column, value in key]
    if days is not None:
        found.append(
            f"{model.day_of} >= timestamp '{days.start}' and {model.day_of} < timestamp '{days.end}'"
        )
    return " and ".join(found) or "true"


def unit_condition(model: Model, days: Days | None, key: Key = ()) -> str:
    """The condition on columns of a unit of a recomputed model that it has rows that are `chosen`.

    It is `chosen` itself where it is about such columns alone, so that all rows of a unit are or none; else `true`.
    """
    asked = {column for column, _ in key} | (set() if days is None else {model.day_of})
    return chosen(model, days, key) if asked <= set(model.touched_columns) else "true"


def except_all(columns: tuple[str, ...], left: str, right: str) -> str:
    """The rows of table `left` that `right` has not, as often as it has them less."""
    names = ", ".join(columns)
    return f"select {names} from {left} except all select {names} from {right}"


def temporary(con: Connection, name: str, sql: str) -> None:
    """Put the rows of `sql` into the temporary table `name`."""
    con.execute(f"create or replace temporary table {name} as {sql}")
