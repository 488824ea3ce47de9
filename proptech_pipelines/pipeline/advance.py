"""Advances a family of models from its own position to the ingest's, in a transaction of its own."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from proptech_pipelines.engines.duckdb import Counts, DuckDBEngine
from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.transactions import head, move_head, snapshot, transaction
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


def family_position(con: Connection, writer: str) -> FamilyPosition:
    """Read the position of a family, or of who builds its next generation (`Graph.writer`), from the ledger."""
    row = con.execute(
        f"select (select b from head_{writer}), "
        f"(select coalesce(max(input_commit), 0) from ledger where writer = '{writer}')"
    ).fetchone()
    return FamilyPosition(*(row or (0, 0)))


def control_number_at(con: Connection, input_commit: int) -> int:
    """The next number of the control log behind ingest transaction `input_commit`."""
    return scalar(
        con,
        "select coalesce(max(control_number), 0) from ledger where writer = 'ingest' and commit_number <= ?",
        [input_commit],
    )


class ControlNumbers:
    """`control_number_at` for every ingest transaction of a part of the log, by one look at the ledger."""

    def __init__(self, con: Connection, part: Slice) -> None:
        found = con.execute(
            "select commit_number, max(control_number) over (order by commit_number) as control_number "
            f"from ledger where writer = 'ingest' qualify {part.where()} order by commit_number"
        ).fetchnumpy()
        self._commits = np.asarray(found["commit_number"])
        self._numbers = np.asarray(found["control_number"])

    def at(self, input_commit: int) -> int:
        """The next number of the control log behind `input_commit`, which is one of them."""
        return int(self._numbers[np.searchsorted(self._commits, input_commit, side="right") - 1])


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
