"""Advances a family of models from its own position to the ingest's, in a transaction of its own."""

from dataclasses import dataclass
from datetime import date

from proptech_pipelines.engines.duckdb import Counts, DuckDBEngine
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.generations import physical
from proptech_pipelines.lake.transactions import move_head, transaction
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice


@dataclass(frozen=True)
class FamilyPosition:
    """Where a family stands: its last transaction and the last ingest transaction that it took in."""

    commit_number: int
    input_commit: int


@dataclass(frozen=True)
class Advance:
    """What one step did. `part` is empty (low = high) when there was nothing to take in.

    `days` are the days, UTC, of the rows that changed.
    """

    family: str
    commit_number: int
    part: Slice
    counts: Counts
    days: tuple[date, ...] = ()


def family_position(con: Connection, family: str) -> FamilyPosition:
    """Read the position of `family` from the ledger."""
    row = con.execute(
        f"select (select b from head_{family}), "
        f"(select coalesce(max(input_commit), 0) from ledger where writer = '{family}')"
    ).fetchone()
    return FamilyPosition(*(row or (0, 0)))


def has_news(con: Connection, graph: Graph, family: str, part: Slice) -> bool:
    """Whether the ingest transactions of `part` bring anything of the topics that `family` consumes.

    An idle entry is news too: it moves what is final.
    """
    topics = ", ".join(f"'{model.topic}'" for model in graph.staging_of(family))
    return scalar(con, f"select count(*) from log_ranges where {part.where()} and topic in ({topics})") > 0


def advance_family(
    con: Connection,
    graph: Graph,
    family: str,
    position: FamilyPosition,
    input_commit: int,
    control_number: int,
) -> Advance:
    """Take the ingest transactions (position.input_commit, input_commit] into the tables of `family`.

    Raises LedgerConflict if another run advanced the family first: read its position and plan again.
    """
    part = Slice(position.input_commit, input_commit)
    if part.low == part.high:
        return Advance(family, position.commit_number, part, Counts())
    with transaction(con):
        number = move_head(con, family, position.commit_number)
        engine = DuckDBEngine(con, graph, physical)
        counts = engine.advance(family, part, number)
        con.execute(
            "insert into ledger values (?, ?, ?, ?, ?, ?, ?, false, now() at time zone 'UTC')",
            [family, number, input_commit, control_number, counts.rows_in, counts.applied, counts.late],
        )
    return Advance(family, number, part, counts, engine.touched_days(family))
