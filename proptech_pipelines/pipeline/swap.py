"""Swaps what was built in under its public names: whole or not at all, and readers see one or the other.

The transaction moves the very heads that the stream moves, so that one of two fails; it takes the last slice in
itself, so that nothing appended meanwhile is lost.
"""

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.errors import LedgerConflict, ServiceError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.building import building_families, building_staging
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.generations import live_graph, shadow_graph
from proptech_pipelines.lake.heads import create_heads
from proptech_pipelines.lake.lease import INGEST_LEASE, Leases, family_lease
from proptech_pipelines.lake.log_writer import INGEST, write_control
from proptech_pipelines.lake.positions import read_positions
from proptech_pipelines.lake.transactions import move_head, transaction
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.pipeline.build import build_inside
from proptech_pipelines.publishing.outbox import Outbox, published

_ATTEMPTS = 20
_DRAIN_SECONDS = 30.0


def swap(
    con: Connection,
    leases: Leases,
    limits: Limits,
    unpublished: Callable[[str], int] = lambda family: 0,
    note: Callable[[str], None] = lambda change: None,
) -> str:
    """Put everything that was built under its public names; returns what changed as JSON.

    `note` writes, in the same transaction, what its caller keeps of that.

    `unpublished` says how many messages of a family its outboxes have yet to publish: the swap waits for
    them, for the rows that they read are in the tables that it retires. Raises LedgerConflict if others were
    quicker each time, ServiceError if the outboxes do not come to an end.
    """
    shadow = shadow_graph(con)
    _make_retired_heads(con, live_graph(con), shadow)
    for _ in range(_ATTEMPTS):
        with ExitStack() as stack:
            for family in sorted(building_families(shadow)):
                stack.enter_context(leases.hold(family_lease(family)))
            _await_outboxes(live_graph(con), shadow, unpublished)
            stack.enter_context(leases.hold(INGEST_LEASE))
            try:
                return _swap_once(con, limits, note)
            except LedgerConflict:
                continue
    raise LedgerConflict(
        "The stream was quicker each time.", "swap again (`proptech plan`); nothing is lost."
    )


def _swap_once(con: Connection, limits: Limits, note: Callable[[str], None]) -> str:
    with transaction(con):
        shadow, live = shadow_graph(con), live_graph(con)
        positions = read_positions(con)
        number = move_head(con, INGEST, positions.commit_number)
        build_inside(con, live, shadow, limits, positions.commit_number)
        numbers = {
            family: _retire(con, live, shadow, family, positions.commit_number)
            for family in building_families(shadow)
        }
        for model in building_staging(shadow):
            _note(con, f"{model.name}__{live[model.name].generation}", positions.commit_number)
        change = building.swap_in(con, shadow, live, numbers)
        entry = ControlEntry("swap", "", detail=change)
        control_number = write_control(con, number, positions, [entry])
        con.execute(
            "insert into ledger values (?, ?, null, ?, 0, 0, 0, true, now() at time zone 'UTC')",
            [INGEST, number, control_number],
        )
        note(change)
    return change


def _retire(con: Connection, live: Graph, shadow: Graph, family: str, input_commit: int) -> int:
    """Move the head of `family` to the cut of the swap, and note where its former tables stop; the new number."""
    former = family_position(con, family)
    is_new = family not in live.families
    number = move_head(con, family, former.commit_number, 1 if is_new else live.head_generation(family))
    if not is_new:
        _note(con, f"{family}__{live.head_generation(family)}", former.input_commit, family)
    _write(con, family, number, input_commit, shadow.writer(family))
    return number


def _note(con: Connection, writer: str, input_commit: int, live_writer: str | None = None) -> None:
    """From here on a retired generation is brought on as if it were being built."""
    number = move_head(con, writer, family_position(con, writer).commit_number)
    _write(con, writer, number, input_commit, live_writer or writer)


def _write(con: Connection, writer: str, number: int, input_commit: int, counted: str) -> None:
    """A row of the ledger after which the sums over `writer` are those over `counted`: so they fit its tables."""
    sums = ", ".join(
        f"cast(coalesce(sum({name}) filter (writer = '{counted}'), 0) "
        f"- coalesce(sum({name}) filter (writer = '{writer}'), 0) as bigint)"
        for name in ("rows_in", "rows_applied", "rows_rejected")
    )
    con.execute(
        f"insert into ledger select '{writer}', {number}, {input_commit}, "
        f"max(control_number) filter (writer = 'ingest'), {sums}, true, now() at time zone 'UTC' from ledger"
    )


def _make_retired_heads(con: Connection, live: Graph, shadow: Graph) -> None:
    names = [f"{model.name}__{live[model.name].generation}" for model in building_staging(shadow)]
    names += [
        f"{family}__{live.head_generation(family)}"
        for family in building_families(shadow)
        if family in live.families
    ]
    create_heads(con, names, building.FIRST_NUMBER)


def _await_outboxes(live: Graph, shadow: Graph, unpublished: Callable[[str], int]) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    for family in building_families(shadow):
        while family in live.families and unpublished(family):
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"The outboxes of {family} have not published everything within {_DRAIN_SECONDS:.0f} s.",
                    "see that a stream run is at work and the broker is up, then swap again.",
                )
            time.sleep(0.1)


def unpublished_by(con: Connection, outboxes: Collection[Outbox]) -> Callable[[str], int]:
    """From a family to the number of messages that its outboxes have yet to publish."""

    def count(family: str) -> int:
        at = family_position(con, family).commit_number
        return sum(
            len(list(outbox.read(con, published(con, outbox.name), at)))
            for outbox in outboxes
            if outbox.writer == family
        )

    return count
