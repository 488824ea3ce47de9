"""Derives days of a family's tables from the log again, through the same models, beside the running stream.

Everything is computed at a pinned cut, outside any write transaction. Only where the result differs from what is
stored, a short transaction replaces it, under the family's lease; the stream is served in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from proptech_pipelines.engines.duckdb import DuckDBEngine
from proptech_pipelines.engines.readmitted import readmissions_in, taken_off
from proptech_pipelines.engines.session import Session
from proptech_pipelines.engines.settled import due_before, settled_rows
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.lease import Leases, family_lease
from proptech_pipelines.lake.transactions import move_head, transaction
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, Model
from proptech_pipelines.pipeline.advance import FamilyPosition, family_position

_ATTEMPTS = 10


@dataclass(frozen=True)
class Days:
    """The days [start, end), UTC."""

    start: date
    end: date


@dataclass(frozen=True)
class Derived:
    """A stored table derived again: rows by the log, and rows in which the stored ones differed from that."""

    table: str
    rows: int
    missing: int
    surplus: int

    @property
    def differs(self) -> bool:
        """Whether the stored rows were not those of the log."""
        return bool(self.missing or self.surplus)


def compare_days(con: Connection, graph: Graph, family: str, days: Days | None) -> list[Derived]:
    """Derive the stored tables of `family` from the log at its own cut and compare; nothing is changed.

    `days` None means everything. The derived rows stay in temporary tables `derived_<table>`, the stored ones in
    `stored_<table>`.
    """
    con.execute("begin transaction")
    try:
        position = family_position(con, family)
        return [_derive(con, graph, model, position, days) for model in graph.stored(family)]
    finally:
        con.execute("commit")


def rebuild_days(con: Connection, leases: Leases, graph: Graph, family: str, days: Days) -> list[Derived]:
    """Make the stored tables of `family` on `days` what the log gives; other days stay as they are, row for row.

    Raises LedgerConflict if the tables would not hold still for several attempts.
    """
    for _ in range(_ATTEMPTS):
        pinned = family_position(con, family)
        derived = compare_days(con, graph, family, days)
        if not any(item.differs for item in derived):
            return derived
        try:
            with leases.hold(family_lease(family)), transaction(con):
                _replace(con, graph, family, pinned, derived, days)
        except LedgerConflict:
            continue
        return derived
    raise LedgerConflict(
        f"{family} was changed by others each of {_ATTEMPTS} times.",
        "run it again when the stream is quieter.",
    )


def _derive(
    con: Connection, graph: Graph, model: Model, position: FamilyPosition, days: Days | None
) -> Derived:
    part = slices.Slice(0, position.input_commit)
    session = Session(con, graph, model.family)

    def leaf(root: Model) -> str:
        if root.kind == "staging":
            return session.staged(root, _near(model, days, part))
        if model.kind == "settled" and readmissions_in(session, root, part):
            # What is decided leaves re-admissions out, of which the stored rows say nothing any more.
            return f"select * from ({slices.wrapped(graph, root, leaf)})"
        derived = f"select * from derived_{root.name}"
        if days is None or model.day_of in model.key:
            return derived
        # Rows of other days matter too; they count as they are stored.
        whole = slices.whole_rows(root, f"lake.{root.table}", f"{COMMIT_COLUMN} <= {position.commit_number}")
        return f"{derived} union all select * from ({whole}) where not ({on_days(root, days)})"

    condition = on_days(model, days)
    rows = slices.wrapped(graph, model, leaf, direct=taken_off(session, model, position.input_commit))
    if model.kind == "settled":
        due = due_before(session, model, position.input_commit)
        rows = settled_rows(graph, model, leaf, None, due)
    derived = f"select * from ({rows}) where {condition}"
    _temporary(con, f"derived_{model.name}", derived)
    stored = slices.whole_rows(
        model, f"lake.{model.table}", f"{COMMIT_COLUMN} <= {position.commit_number} and {condition}"
    )
    _temporary(con, f"stored_{model.name}", stored)
    columns = model.column_names
    return Derived(
        model.name,
        scalar(con, f"select count(*) from derived_{model.name}"),
        scalar(
            con, f"select count(*) from ({_except(columns, f'derived_{model.name}', f'stored_{model.name}')})"
        ),
        scalar(
            con, f"select count(*) from ({_except(columns, f'stored_{model.name}', f'derived_{model.name}')})"
        ),
    )


def _replace(
    con: Connection,
    graph: Graph,
    family: str,
    pinned: FamilyPosition,
    derived: Sequence[Derived],
    days: Days,
) -> None:
    now = family_position(con, family)
    number = move_head(con, family, now.commit_number, graph.head_generation(family))
    engine = DuckDBEngine(con, graph)
    for item in derived:
        model = graph[item.table]
        condition = on_days(model, days)
        if model.kind == "recompute":
            engine.derive_again(model, now.input_commit, condition)
            engine.append_delta(model, number)
        elif item.differs:
            pinned_rows = f"{COMMIT_COLUMN} <= {pinned.commit_number} and {condition}"
            _require_unchanged(con, model, pinned_rows)
            con.execute(f"delete from lake.{model.table} where {pinned_rows}")
            con.execute(f"insert into lake.{model.table} select {number}, * from derived_{model.name}")
    con.execute(
        "insert into ledger select ?, ?, ?, max(control_number), 0, 0, 0, true, now() at time zone 'UTC' "
        "from ledger where writer = ?",
        [family, number, now.input_commit, family],
    )


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


def on_days(model: Model, days: Days | None) -> str:
    """The condition that a row of `model` lies on `days`; None is any day."""
    if days is None:
        return "true"
    return f"{model.day_of} >= timestamp '{days.start}' and {model.day_of} < timestamp '{days.end}'"


def _except(columns: tuple[str, ...], left: str, right: str) -> str:
    names = ", ".join(columns)
    return f"select {names} from {left} except all select {names} from {right}"


def _temporary(con: Connection, name: str, sql: str) -> None:
    con.execute(f"create or replace temporary table {name} as {sql}")
