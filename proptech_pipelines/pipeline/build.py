"""Brings the next generation of tables to the head of the log, slice by slice, beside the running stream.

Each slice is a transaction that moves the position of its own writer, so that a build that was killed goes on
from its last slice.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.building import building_families, building_staging, writers
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.generations import live_graph, shadow_graph
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.lake.transactions import head, move_head, snapshot, transaction
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import (
    ControlNumbers,
    FamilyPosition,
    advance_family,
    advance_inside,
    control_number_at,
    family_position,
)
from proptech_pipelines.pipeline.log_slices import (
    StagedRows,
    following_slice_rows,
    max_slice_rows,
    next_slice,
)
from proptech_pipelines.pipeline.redecode import redecode

DECODE_ROWS = 200_000
_NEAR = 20
"""Ingest transactions that may be left for the swap itself to take in."""
_ROUND_SECONDS = 600.0
"""A round that took longer is followed by another: the lake keeps the version to compare with for an hour."""
_MOST_ROUNDS = 100


@dataclass(frozen=True)
class Built:
    """One slice that was built: whose, its rows, and how far behind the head of the log the writer is now."""

    writer: str
    rows: int
    input_commit: int
    head: int


@dataclass(frozen=True)
class Pin:
    """A moment of the lake: its version, and up to which ingest transaction each writer that builds has to come."""

    version: int
    ends: Mapping[str, int]


def pin(con: Connection) -> Pin:
    """The live tables as they are now: families at their own positions, staging at the head of the log."""
    with snapshot(con):
        shadow, live = shadow_graph(con), live_graph(con)
        end = head(con, INGEST)
        ends = {model.table: end for model in building_staging(shadow)}
        for family in building_families(shadow):
            known = family in live.families
            ends[shadow.writer(family)] = family_position(con, family).input_commit if known else end
        return Pin(_version(con), ends)


def pin_head(con: Connection) -> Pin:
    """The head of the log as it is now, wherever the live families are."""
    with snapshot(con):
        end = head(con, INGEST)
        return Pin(_version(con), dict.fromkeys(writers(shadow_graph(con)), end))


def _version(con: Connection) -> int:
    return scalar(con, "select id from ducklake_current_snapshot('lake')")


def build(con: Connection, limits: Limits, to: Pin) -> Iterator[Built]:
    """Build what is being built up to the moment `to`; yields after each slice.

    Raises ModelError if a model or schema cannot take in what the log holds.
    """
    shadow, live = shadow_graph(con), live_graph(con)
    for model in building_staging(shadow):
        yield from _build_staging(con, live[model.name], model, limits, to.ends[model.table])
    for family in building_families(shadow):
        yield from build_family(con, shadow, family, to.ends[shadow.writer(family)])


def approach(
    con: Connection,
    limits: Limits,
    where: Callable[[Connection], Pin],
    on_slice: Callable[[Built], None] = lambda built: None,
) -> Pin:
    """Build up to the moment that `where` names, again and again, until little came in meanwhile; the last of these.

    A round that came no nearer is the last one, too: the stream is as quick as the build then, and more rounds would
    not help. In any case one more slice makes up for the rest; raises LedgerConflict if that does not come about.
    """
    left: int | None = None
    to, began = where(con), time.monotonic()
    for _ in range(_MOST_ROUNDS):
        for built in build(con, limits, to):
            on_slice(built)
        now, ended, before = where(con), time.monotonic(), left
        left = distance(con, now)
        is_near = left <= _NEAR or (before is not None and left >= before)
        if is_near and ended - began < _ROUND_SECONDS and fits_one_slice(con, now):
            return to
        to, began = now, ended
    raise LedgerConflict(
        "More comes in than is built meanwhile.", "carry the plan out again when less does; nothing is lost."
    )


def build_inside(con: Connection, live: Graph, shadow: Graph, limits: Limits, input_commit: int) -> None:
    """The last slice of everything that is being built, up to `input_commit`, inside the caller's transaction."""
    for model in building_staging(shadow):
        _take(con, live[model.name], model, limits, family_position(con, model.table), input_commit)
    control_number = control_number_at(con, input_commit)
    for family in building_families(shadow):
        position = family_position(con, shadow.writer(family))
        advance_inside(con, shadow, family, position, input_commit, control_number)


def distance(con: Connection, to: Pin) -> int:
    """How many ingest transactions the slowest writer that builds is before the moment `to`, 0 if none is."""
    ahead = (end - family_position(con, writer).input_commit for writer, end in to.ends.items())
    return max((0, *ahead))


def fits_one_slice(con: Connection, to: Pin) -> bool:
    """Whether each writer that builds can come to the moment `to` by one more slice."""
    shadow = shadow_graph(con)
    for model in building_staging(shadow):
        part = Slice(family_position(con, model.table).input_commit, to.ends[model.table])
        if (StagedRows(con, [model.topic], part).cut(part.low, DECODE_ROWS) or part).high < part.high:
            return False
    for family in building_families(shadow):
        writer = shadow.writer(family)
        part = Slice(family_position(con, writer).input_commit, to.ends[writer])
        if (next_slice(con, shadow, family, part) or part).high < part.high:
            return False
    return True


def beyond(con: Connection, to: Pin) -> set[str]:
    """The writers that build and are beyond the moment `to`."""
    return {writer for writer, end in to.ends.items() if family_position(con, writer).input_commit > end}


def _build_staging(con: Connection, live: Model, model: Model, limits: Limits, end: int) -> Iterator[Built]:
    position = family_position(con, model.table)
    staged = StagedRows(con, [model.topic], Slice(position.input_commit, end))
    while position.input_commit < end:
        low = position.input_commit
        part = staged.cut(low, DECODE_ROWS) or Slice(low, end)
        with transaction(con):
            rows = _take(con, live, model, limits, position, part.high)
        position = FamilyPosition(position.commit_number + 1, part.high)
        yield Built(model.table, rows, part.high, end)


def _take(
    con: Connection, live: Model, model: Model, limits: Limits, position: FamilyPosition, input_commit: int
) -> int:
    number = move_head(con, model.table, position.commit_number)
    part = Slice(position.input_commit, input_commit)
    rows = redecode(con, live, model, limits, part)
    con.execute(
        "insert into ledger values (?, ?, ?, null, ?, ?, 0, true, now() at time zone 'UTC')",
        [model.table, number, input_commit, rows, rows],
    )
    return rows


def build_family(con: Connection, graph: Graph, family: str, end: int) -> Iterator[Built]:
    """Bring `family` of `graph` from where it stands to ingest transaction `end`; yields after each slice."""
    writer, memory, max_rows = graph.writer(family), Memory(), max_slice_rows(graph, family)
    position = family_position(con, writer)
    whole = Slice(position.input_commit, end)
    staged, control = StagedRows.of_family(con, graph, family, whole), ControlNumbers(con, whole)
    while position.input_commit < end:
        low = position.input_commit
        part = staged.cut(low, max_rows) or Slice(low, end)
        done = advance_family(con, graph, family, position, part, control.at(part.high), memory)
        max_rows = following_slice_rows(graph, family, max_rows, part.rows, done.counts.written)
        position = FamilyPosition(done.commit_number, part.high)
        yield Built(writer, done.counts.rows_in, part.high, end)
