"""Derives days of a family's tables from the log again, through the same models, beside the running stream.

Everything is computed at a pinned cut, outside any write transaction. Only rows in which the result differs from what
is stored are replaced, by a short transaction under the family's lease; the stream is served in between. A row that
was right keeps its transaction number, so that an outbox that has not come to it yet still sends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from proptech_pipelines.engines.duckdb import DuckDBEngine
from proptech_pipelines.engines.readmitted import readmissions_in, taken_off
from proptech_pipelines.engines.session import Session
from proptech_pipelines.engines.settled import due_before, piece_bounds, settled_rows
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, quoted, scalar
from proptech_pipelines.lake.lease import Leases, family_lease
from proptech_pipelines.lake.transactions import move_head, snapshot, transaction
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, Model
from proptech_pipelines.pipeline.advance import FamilyPosition, family_position

_ATTEMPTS = 10
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
        position = family_position(con, family)
        return [
            _derive(con, graph, model, position, days, key)
            for model in graph.stored(family)
            if _is_keyed(graph, model, key)
        ]


def rebuild_days(
    con: Connection, leases: Leases, graph: Graph, family: str, days: Days | None, key: Key = ()
) -> list[Derived]:
    """Make the stored tables of `family` on `days` what the log gives, with a `key` only the rows that have it.

    All other rows stay as they are, with their transaction numbers. Raises LedgerConflict if the tables would not hold
    still for several attempts.
    """
    for _ in range(_ATTEMPTS):
        pinned = family_position(con, family)
        derived = compare_days(con, graph, family, days, key)
        if not any(item.differs for item in derived):
            return derived
        try:
            with leases.hold(family_lease(family)), transaction(con):
                _replace(con, graph, family, pinned, derived, days, key)
        except LedgerConflict:
            continue
        return derived
    raise LedgerConflict(
        f"{family} was changed by others each of {_ATTEMPTS} times.",
        "run it again when the stream is quieter.",
    )


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
    rows = rows_by_log(Session(con, graph, model.family), model, position, days, stored)
    columns, derived, kept = model.column_names, f"derived_{model.name}", f"stored_{model.name}"
    _temporary(con, derived, f"select * from ({rows}) where {condition}")
    _temporary(con, kept, slices.whole_rows(model, f"lake.{model.table}", f"{at_cut} and {condition}"))
    _temporary(con, f"missing_{model.name}", _except(columns, derived, kept))
    _temporary(con, f"surplus_{model.name}", _except(columns, kept, derived))
    differing = con.execute(
        f"select distinct cast({model.day_of} as date) as day from (select {model.day_of} from missing_{model.name} "
        f"union all select {model.day_of} from surplus_{model.name}) order by day"
    ).fetchall()
    number, missing, surplus = (
        scalar(con, f"select count(*) from {name}_{model.name}") for name in ("derived", "missing", "surplus")
    )
    return Derived(model.name, number, missing, surplus, tuple(row[0] for row in differing))


def _replace(
    con: Connection,
    graph: Graph,
    family: str,
    pinned: FamilyPosition,
    derived: Sequence[Derived],
    days: Days | None,
    key: Key,
) -> None:
    now = family_position(con, family)
    number = move_head(con, family, now.commit_number, graph.head_generation(family))
    engine = DuckDBEngine(con, graph)
    mended: set[str] = set()
    for item in derived:
        model = graph[item.table]
        condition = chosen(model, days, key)
        # One that was right may have taken in since what was wrong in its inputs.
        if not item.differs and mended.isdisjoint(root.name for root in graph.roots(model.name)):
            continue
        mended.add(model.name)
        if model.kind == "recompute":
            engine.derive_again(model, now.input_commit, condition)
            engine.append_delta(model, number)
        elif item.differs:
            pinned_rows = f"{COMMIT_COLUMN} <= {pinned.commit_number} and {condition}"
            _require_unchanged(con, model, pinned_rows)
            _replace_rows(con, graph, model, pinned_rows, number)
    con.execute(
        "insert into ledger select ?, ?, ?, max(control_number), 0, 0, 0, true, now() at time zone 'UTC' "
        "from ledger where writer = ?",
        [family, number, now.input_commit, family],
    )


def _replace_rows(con: Connection, graph: Graph, model: Model, pinned_rows: str, number: int) -> None:
    """Take the surplus rows out and put the missing ones in as transaction `number`; of a fold, groups as a whole."""
    missing, surplus = f"missing_{model.name}", f"surplus_{model.name}"
    pinned = f"(select rowid as row_id, * from lake.{model.table} where {pinned_rows})"
    if model.kind == "fold":
        keys = graph.folds[model.name].keys
        names = ", ".join(keys)
        _temporary(con, "groups", f"select {names} from {missing} union select {names} from {surplus}")
        same = slices.same("p", "g", keys)
        gone = f"select row_id from {pinned} as p semi join groups as g on {same}"
        new = f"select p.* from derived_{model.name} as p semi join groups as g on {same}"
    else:
        names = ", ".join(model.column_names)
        # Of rows that are there too often the first stays.
        nth = f"row_number() over (partition by {names} order by {COMMIT_COLUMN} desc, row_id desc)"
        gone = (
            f"select row_id from (select *, {nth} as nth_copy from {pinned}) as p inner join "
            f"(select {names}, count(*) as surplus_copies from {surplus} group by all) as s "
            f"on nth_copy <= surplus_copies and {slices.same('p', 's', model.column_names)}"
        )
        new = f"select * from {missing}"
    _temporary(con, "gone", gone)
    con.execute(f"delete from lake.{model.table} where rowid in (select row_id from gone)")
    con.execute(f"insert into lake.{model.table} select {number}, * from ({new})")


def _require_unchanged(con: Connection, model: Model, pinned_rows: str) -> None:
    """The pinned rows must still be what was compared: folding may have put newer rows among them."""
    _temporary(con, "stored_now", slices.whole_rows(model, f"lake.{model.table}", pinned_rows))
    before, now = f"stored_{model.name}", "stored_now"
    changed = (
        f"({_except(model.column_names, before, now)}) union all ({_except(model.column_names, now, before)})"
    )
    if scalar(con, f"select count(*) from ({changed})"):
        raise LedgerConflict(f"{model.name} was folded meanwhile.", "compare again.")


def _near(model: Model, days: Days | None, part: slices.Slice) -> str:
    """Rows of the pinned cut; by event time where the model says how near that is to its day, to leave files out."""
    if days is None or not model.reach_days:
        return part.where()
    reach = f"interval {model.reach_days} day"
    return (
        f"{part.where()} and event_time >= timestamp '{days.start}' - {reach} "
        f"and event_time < timestamp '{days.end}' + {reach}"
    )


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


def _except(columns: tuple[str, ...], left: str, right: str) -> str:
    names = ", ".join(columns)
    return f"select {names} from {left} except all select {names} from {right}"


def _temporary(con: Connection, name: str, sql: str) -> None:
    con.execute(f"create or replace temporary table {name} as {sql}")
