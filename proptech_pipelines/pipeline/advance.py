"""Advances a family of models from its own position to the ingest's, in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from proptech_pipelines.engines.duckdb import Counts, DuckDBEngine
from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.transactions import head, move_head, snapshot, transaction
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice

_SLICE_ROWS = 1_000_000
"""Most staging rows of one transaction of a family, so that catching up takes no more memory than following."""
_SUMS_SLICE_ROWS = 4_000_000
"""The same for a family that keeps no rows of a slice, but sums."""


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


def family_position(con: Connection, writer: str) -> FamilyPosition:
    """Read the position of a family, or of who builds its next generation (`Graph.writer`), from the ledger."""
    row = con.execute(
        f"select (select b from head_{writer}), "
        f"(select coalesce(max(input_commit), 0) from ledger where writer = '{writer}')"
    ).fetchone()
    return FamilyPosition(*(row or (0, 0)))


def max_slice_rows(graph: Graph, family: str) -> int:
    """Most staging rows of one transaction of `family`."""
    return _SUMS_SLICE_ROWS if graph.keeps_sums_alone(family) else _SLICE_ROWS


def next_slice(
    con: Connection, graph: Graph, family: str, part: Slice, max_rows: int | None = None
) -> Slice | None:
    """The beginning of `part` that `family` is to take in next: `max_rows` staging rows, one transaction at least.

    `max_rows` is `max_slice_rows` unless given. None if `part` brings nothing of the topics that the family consumes.
    An idle entry is news: it moves what is final.
    """
    topics = [model.topic for model in graph.staging_of(family)]
    return _beginning(con, topics, part, max_rows or max_slice_rows(graph, family))


def next_staging_slice(con: Connection, topic: str, part: Slice, max_rows: int) -> Slice | None:
    """The beginning of `part` with at most `max_rows` rows of `topic`, as `next_slice`."""
    return _beginning(con, [topic], part, max_rows)


def _beginning(con: Connection, topics: Sequence[str], part: Slice, max_rows: int) -> Slice | None:
    names = ", ".join(f"'{name}'" for name in topics)
    rows = con.execute(
        "select commit_number, cast(sum(sum(staged)) over (order by commit_number) as bigint) from log_ranges "
        f"where {part.where()} and topic in ({names}) group by commit_number order by commit_number"
    ).fetchall()
    if not rows:
        return None
    for (number, so_far), (_, following) in pairwise(rows):
        if following > max_rows:
            return Slice(part.low, number, so_far)
    return replace(part, rows=rows[-1][1])


def control_number_at(con: Connection, input_commit: int) -> int:
    """The next number of the control log behind ingest transaction `input_commit`."""
    return scalar(
        con,
        "select max(control_number) from ledger where writer = 'ingest' and commit_number <= ?",
        [input_commit],
    )


def advance_family(
    con: Connection,
    graph: Graph,
    family: str,
    position: FamilyPosition,
    part: Slice,
    control_number: int,
    memory: Memory | None = None,
) -> Advance:
    """Take the ingest transactions of `part`, and those from `position` to it, into the tables of `family`.

    Those between, if any, bring the family nothing. `memory` is of the one who advances this family again and again.
    What changes is computed before the transaction, which is short then. Raises LedgerConflict if another run advanced
    the family first: read its position and plan again.
    """
    part = replace(part, low=position.input_commit)
    if part.low == part.high:
        return Advance(family, position.commit_number, part, Counts())
    step = _Step(con, graph, family, position, part, control_number, memory)
    try:
        with snapshot(con):
            counts = step.compute()
    except Exception as error:
        if head(con, graph.writer(family)) == position.commit_number:
            raise
        raise LedgerConflict(f"{family} is no longer where it was.", "plan the unit again.") from error
    with transaction(con):
        return step.write(counts)


def advance_inside(
    con: Connection,
    graph: Graph,
    family: str,
    position: FamilyPosition,
    input_commit: int,
    control_number: int,
) -> Advance:
    """As `advance_family`, inside the caller's transaction and even if there is nothing to take in."""
    part = Slice(position.input_commit, input_commit)
    step = _Step(con, graph, family, position, part, control_number)
    return step.write(step.compute())


class _Step:
    """One step of a family: what it adds, and the transaction that makes it so."""

    def __init__(
        self,
        con: Connection,
        graph: Graph,
        family: str,
        position: FamilyPosition,
        part: Slice,
        control_number: int,
        memory: Memory | None = None,
    ) -> None:
        memory = memory or Memory()
        memory.know(control_number)
        self._con = con
        self._graph = graph
        self._family = family
        self._position = position
        self._part = part
        self._control_number = control_number
        self._engine = DuckDBEngine(con, graph, memory)

    def compute(self) -> Counts:
        return self._engine.compute(self._family, self._part, self._position.commit_number + 1)

    def write(self, counts: Counts) -> Advance:
        graph, family, part = self._graph, self._family, self._part
        writer = graph.writer(family)
        number = move_head(self._con, writer, self._position.commit_number, graph.head_generation(family))
        self._engine.append(family, number)
        self._con.execute(
            "insert into ledger values (?, ?, ?, ?, ?, ?, ?, false, now() at time zone 'UTC')",
            [writer, number, part.high, self._control_number, counts.rows_in, counts.applied, counts.late],
        )
        return Advance(family, number, part, counts, self._engine.touched_days(family))
